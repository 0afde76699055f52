/** Any object of a cluster, as YAML says it. Its shape is checked by schemas.ts, so that rules may look where they like. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  // Kinds differ; the schemas know them, and a wrong path in a rule shows in its test.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
  readonly type?: string;
}

export type Labels = Readonly<Record<string, string>>;

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly tcpSocket?: { readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly sizeLimit?: string };
  readonly secret?: { readonly secretName: string; readonly items?: readonly Item[] };
  readonly configMap?: { readonly name: string };
  readonly hostPath?: object;
  readonly projected?: {
    readonly sources: readonly { readonly secret?: { readonly name: string; readonly items?: readonly Item[] } }[];
  };
}

interface Item {
  readonly key: string;
  readonly path: string;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly priorityClassName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: SecurityContext & { readonly fsGroup?: number };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string; readonly labelSelector?: Selector }[];
  readonly affinity?: { readonly podAntiAffinity?: object };
}

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** What makes pods here, with what the pods are made of. */
export interface Workload {
  readonly object: Manifest;
  readonly labels: Labels;
  readonly pod: PodSpec;
  readonly containers: readonly Container[];
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job']);

/** For example Deployment/contact-service. */
export const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

export const ofKind = (objects: readonly Manifest[], ...kinds: readonly string[]): Manifest[] =>
  objects.filter(({ kind }) => kinds.includes(kind));

export function workloadsOf(objects: readonly Manifest[]): Workload[] {
  return objects
    .filter(({ kind }) => WORKLOADS.has(kind))
    .map((object) => {
      const { metadata, spec } = object.spec.template as { metadata?: { labels?: Labels }; spec: PodSpec };
      const containers = [...spec.containers, ...(spec.initContainers ?? [])];
      return { object, labels: metadata?.labels ?? {}, pod: spec, containers };
    });
}

/** Whether a selector chooses what carries these labels; an empty one chooses everything. */
export function selects(selector: Selector | undefined, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => matches(labels[key], operator, values))
  );
}

function matches(value: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw new Error(`unknown operator ${operator}`);
  }
}
