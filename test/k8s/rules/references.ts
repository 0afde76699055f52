import { type Manifest, nameOf, ofKind, selects, type Volume, type Workload, workloadsOf } from '../manifest.js';
import { objectRule, podRule, type Rule } from './rule.js';

/** Made by operators out of other objects. */
const CLUSTER_SECRETS = ['ca', 'server', 'replication'];

const has = (objects: readonly Manifest[], kind: string, name: string | undefined): boolean =>
  ofKind(objects, kind).some(({ metadata }) => metadata.name === name);

const podsOf = (objects: readonly Manifest[], selector: object): Workload[] =>
  workloadsOf(objects).filter(({ labels }) => selects(selector, labels));

/** Pods that an operator makes carry these labels. */
const ofOperator = (objects: readonly Manifest[], labels: Readonly<Record<string, string>> = {}): boolean =>
  ofKind(objects, 'Cluster').some(({ metadata }) => labels['cnpg.io/cluster'] === metadata.name);

/** Where the Secret of this name comes from. */
export function provided(objects: readonly Manifest[], name: string): boolean {
  return (
    has(objects, 'Secret', name) ||
    ofKind(objects, 'ExternalSecret').some(({ spec }) => spec.target.name === name) ||
    ofKind(objects, 'Certificate').some(({ spec }) => spec.secretName === name) ||
    ofKind(objects, 'Cluster').some(({ metadata }) =>
      CLUSTER_SECRETS.some((suffix) => name === `${metadata.name}-${suffix}`),
    )
  );
}

const secretsOf = ({ secret, projected }: Volume): string[] => [
  ...(secret ? [secret.secretName] : []),
  ...(projected?.sources ?? []).flatMap((source) => (source.secret ? [source.secret.name] : [])),
];

const configMapsOf = ({ pod, containers }: Workload): string[] => [
  ...(pod.volumes ?? []).flatMap(({ configMap }) => (configMap ? [configMap.name] : [])),
  ...containers.flatMap(({ envFrom = [] }) => envFrom.flatMap(({ configMapRef: map }) => (map ? [map.name] : []))),
];

/** A rule about the pods of each workload, with what is applied together with it. */
function amongRule(id: string, from: string, wrong: (w: Workload, all: readonly Manifest[]) => string[]): Rule {
  const check = (objects: readonly Manifest[]): ReturnType<Rule['check']> =>
    workloadsOf(objects).flatMap((workload) =>
      wrong(workload, objects).map((problem) => ({ object: nameOf(workload.object), problem })),
    );
  return { id, from, check };
}

export const references: readonly Rule[] = [
  objectRule('service-reaches-pods', 'kube-score, kube-linter', ['Service'], ({ spec }, all) => {
    const pods = podsOf(all, { matchLabels: spec.selector });
    if (pods.length !== 1) return `selects the pods of ${pods.length} workloads`;
    const named = pods[0]!.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
    const unknown = (spec.ports as { targetPort: string }[]).filter(({ targetPort }) => !named.includes(targetPort));
    return unknown.length > 0 ? `leads to port ${unknown[0]!.targetPort}, which the pods do not name` : undefined;
  }),
  objectRule('no-node-port', 'kube-score', ['Service'], ({ spec }) =>
    spec.type === 'NodePort' ? 'opens a port on every node' : undefined,
  ),
  objectRule('selector-fits-pods', 'kube-linter', ['Deployment', 'StatefulSet'], ({ spec }) =>
    selects(spec.selector, spec.template.metadata?.labels ?? {}) ? undefined : 'does not select its own pods',
  ),
  objectRule('targets-exist', 'kube-score', ['PodDisruptionBudget', 'NetworkPolicy', 'PodMonitor'], ({ spec }, all) => {
    const selector = spec.selector ?? spec.podSelector;
    const found = podsOf(all, selector).length > 0 || ofOperator(all, selector.matchLabels);
    return found ? undefined : 'selects nothing';
  }),
  objectRule('scaled-exists', 'kube-score', ['HorizontalPodAutoscaler', 'ScaledObject'], ({ spec }, all) =>
    has(all, spec.scaleTargetRef.kind as string, spec.scaleTargetRef.name as string) ? undefined : 'scales nothing',
  ),
  amongRule('service-account-exists', 'kube-linter', ({ pod: { serviceAccountName: name } }, all) =>
    name && !has(all, 'ServiceAccount', name) ? [`there is no service account ${name}`] : [],
  ),
  amongRule('priority-class-exists', 'ours', ({ pod: { priorityClassName: name } }, all) =>
    name && !has(all, 'PriorityClass', name) ? [`there is no priority class ${name}`] : [],
  ),
  amongRule('config-map-exists', 'ours', (workload, all) =>
    configMapsOf(workload).flatMap((name) => (has(all, 'ConfigMap', name) ? [] : [`there is no ConfigMap ${name}`])),
  ),
  amongRule('secret-has-source', 'ours', ({ pod }, all) =>
    (pod.volumes ?? [])
      .flatMap(secretsOf)
      .flatMap((name) => (provided(all, name) ? [] : [`nothing makes the Secret ${name}`])),
  ),
  objectRule('route-leads-somewhere', 'kube-score', ['Ingress', 'HTTPRoute'], ({ kind, spec }, all) => {
    const names: string[] =
      kind === 'Ingress'
        ? spec.rules.flatMap((rule: { http: { paths: { backend: { service: { name: string } } }[] } }) =>
            rule.http.paths.map(({ backend }) => backend.service.name),
          )
        : spec.rules.flatMap((rule: { backendRefs: { name: string }[] }) => rule.backendRefs.map(({ name }) => name));
    const nowhere = names.filter((name) => !has(all, 'Service', name));
    return nowhere.length > 0 ? `leads to ${nowhere[0]}, which is no Service here` : undefined;
  }),
  podRule('mounts-its-volumes', 'ours', ({ pod, containers }) => {
    const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
    const unused = (pod.volumes ?? []).filter(({ name }) => !mounted.includes(name));
    return unused.length > 0 ? `mounts no ${unused[0]!.name}` : undefined;
  }),
];
