import { beforeAll, describe, expect, test } from '@jest/globals';
import { overlays } from './builds.js';
import { findKustomize } from './kustomize.js';
import { type Container, type Manifest, nameOf } from './manifest.js';
import { RULES } from './rules/index.js';

// A broken object is changed in place; what it may look like is for the rules to find out.
// oxlint-disable-next-line typescript/no-explicit-any
type Change = (object: any) => void;

const CONTACT = 'Deployment/contact-service';
const MIGRATE = 'Job/contact-migrate-0-1-0';
const BUDGET = 'PodDisruptionBudget/contact-service';
const SCALER = 'HorizontalPodAutoscaler/contact-service';
const LAG = 'ScaledObject/privacy-service';
const SERVICE = 'Service/contact-service';
const NAMESPACE = 'Namespace/contact-expunge';

const pod =
  (change: Change): Change =>
  ({ spec }) =>
    change(spec.template.spec);
const container = (change: Change): Change => pod(({ containers }) => change(containers[0]));
const security = (change: Change): Change => container(({ securityContext }) => change(securityContext));
const setting = (name: string, value: string): Change => container(({ env }) => env.push({ name, value }));
const without =
  (...path: string[]): Change =>
  (object) => {
    const last = path.pop()!;
    const owner = path.reduce((inner, key) => inner[key], object);
    delete owner[last];
    path.push(last);
  };

/** For each rule what breaks it: which object of the production overlay, and how it is changed. */
const BROKEN: readonly [rule: string, object: string, change: Change][] = [
  ['run-as-non-root', CONTACT, pod(without('securityContext', 'runAsNonRoot'))],
  ['no-root-user', CONTACT, security((context) => (context.runAsUser = 0))],
  ['seccomp', CONTACT, pod(without('securityContext', 'seccompProfile'))],
  ['no-privilege-escalation', CONTACT, security(without('allowPrivilegeEscalation'))],
  ['not-privileged', CONTACT, security((context) => (context.privileged = true))],
  ['drop-all-capabilities', CONTACT, security((context) => (context.capabilities = { drop: ['NET_RAW'] }))],
  ['drop-all-capabilities', CONTACT, security((context) => (context.capabilities.add = ['SYS_ADMIN']))],
  ['no-host-namespaces', CONTACT, pod((spec) => (spec.hostNetwork = true))],
  ['no-host-ports', CONTACT, container(({ ports }) => (ports[0].hostPort = 80))],
  ['volume-kinds', CONTACT, pod(({ volumes }) => volumes.push({ name: 'host', hostPath: { path: '/' } }))],
  [
    'namespace-restricted',
    NAMESPACE,
    ({ metadata }) => (metadata.labels['pod-security.kubernetes.io/enforce'] = 'baseline'),
  ],
  ['user-and-group', CONTACT, pod(({ securityContext }) => (securityContext.runAsGroup = 1000))],
  ['read-only-root', CONTACT, security((context) => (context.readOnlyRootFilesystem = false))],
  ['image-pinned', CONTACT, container((own) => (own.image = 'contact-service'))],
  ['image-pinned', CONTACT, container((own) => (own.image = 'contact-service:latest'))],
  ['pull-always', CONTACT, container((own) => (own.imagePullPolicy = 'IfNotPresent'))],
  ['cpu-request', CONTACT, container(without('resources', 'requests', 'cpu'))],
  ['cpu-limit', CONTACT, container(without('resources', 'limits', 'cpu'))],
  ['memory', CONTACT, container(without('resources', 'limits', 'memory'))],
  ['ephemeral-storage', MIGRATE, container(without('resources', 'requests', 'ephemeral-storage'))],
  ['no-variable-twice', CONTACT, setting('NODE_OPTIONS', '--inspect')],
  ['no-secret-in-environment', CONTACT, setting('DATABASE_PASSWORD', 'hunter2')],
  ['no-secret-in-environment', CONTACT, setting('OTHER_URL', 'https://user:hunter2@host/')],
  [
    'no-secret-as-variable',
    CONTACT,
    container(({ env }) => env.push({ name: 'X', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } })),
  ],
  ['heap-below-memory', CONTACT, container(({ resources }) => (resources.limits.memory = '200Mi'))],
  ['scratch-space-limited', CONTACT, pod(({ volumes }) => volumes.push({ name: 'more', emptyDir: {} }))],
  ['no-token', CONTACT, pod(without('automountServiceAccountToken'))],
  ['own-service-account', CONTACT, pod(without('serviceAccountName'))],
  ['three-probes', CONTACT, container(without('startupProbe'))],
  ['live-is-not-ready', CONTACT, container((own) => (own.livenessProbe.httpGet = own.readinessProbe.httpGet))],
  ['probe-ports-exposed', CONTACT, container(({ readinessProbe }) => (readinessProbe.httpGet.port = 8080))],
  ['named-ports', CONTACT, container(({ ports }) => ports.push({ containerPort: 9000 }))],
  ['stops-in-time', CONTACT, pod((spec) => (spec.terminationGracePeriodSeconds = 10))],
  ['two-or-more', 'Deployment/otel-collector', ({ spec }) => (spec.replicas = 1)],
  ['no-replicas-beside-autoscaler', CONTACT, ({ spec }) => (spec.replicas = 3)],
  ['one-autoscaler', LAG, ({ spec }) => (spec.scaleTargetRef.name = 'contact-service')],
  ['disruption-budget', BUDGET, ({ spec }) => (spec.selector.matchLabels = { other: 'pods' })],
  ['budget-lets-nodes-drain', BUDGET, ({ spec }) => (spec.maxUnavailable = 0)],
  ['budget-lets-nodes-drain', BUDGET, without('spec', 'unhealthyPodEvictionPolicy')],
  ['spread', CONTACT, pod(({ topologySpreadConstraints: all }) => all.pop())],
  [
    'spread',
    CONTACT,
    pod(({ topologySpreadConstraints: all }) => (all[0].labelSelector.matchLabels = { other: 'pods' })),
  ],
  ['anti-affinity', CONTACT, pod(without('affinity'))],
  ['rolls-without-gap', CONTACT, ({ spec }) => (spec.strategy.rollingUpdate.maxUnavailable = '25%')],
  ['bounded-history', CONTACT, without('spec', 'revisionHistoryLimit')],
  ['priority', MIGRATE, pod(without('priorityClassName'))],
  ['job-ends', MIGRATE, without('spec', 'ttlSecondsAfterFinished')],
  ['autoscaler-bounds', SCALER, ({ spec }) => (spec.minReplicas = 1)],
  ['autoscaler-bounds', LAG, ({ spec }) => (spec.maxReplicaCount = 13)],
  ['service-reaches-pods', SERVICE, ({ spec }) => (spec.selector['app.kubernetes.io/name'] = 'contacts')],
  ['service-reaches-pods', SERVICE, ({ spec }) => (spec.ports[0].targetPort = 'web')],
  ['no-node-port', SERVICE, ({ spec }) => (spec.type = 'NodePort')],
  ['selector-fits-pods', CONTACT, ({ spec }) => (spec.selector.matchLabels = { other: 'pods' })],
  ['targets-exist', 'NetworkPolicy/mail-server', ({ spec }) => (spec.podSelector.matchLabels = { other: 'pods' })],
  ['scaled-exists', SCALER, ({ spec }) => (spec.scaleTargetRef.name = 'contacts')],
  ['service-account-exists', 'ServiceAccount/contact-service', ({ metadata }) => (metadata.name = 'contacts')],
  ['priority-class-exists', 'PriorityClass/contact-expunge', ({ metadata }) => (metadata.name = 'other')],
  ['config-map-exists', CONTACT, container(({ envFrom }) => envFrom.push({ configMapRef: { name: 'other' } }))],
  ['secret-has-source', 'ExternalSecret/contact-service', ({ spec }) => (spec.target.name = 'contacts')],
  [
    'route-leads-somewhere',
    'HTTPRoute/contact-service',
    ({ spec }) => (spec.rules[0].backendRefs[0].name = 'contacts'),
  ],
  ['mounts-its-volumes', CONTACT, container(({ volumeMounts }) => volumeMounts.pop())],
  ['isolated-both-ways', 'NetworkPolicy/default-deny', ({ spec }) => (spec.policyTypes = ['Egress'])],
  ['denied-by-default', 'NetworkPolicy/default-deny', ({ spec }) => (spec.egress = [{}])],
  ['explicit-peers', 'NetworkPolicy/kafka', ({ spec }) => (spec.egress[0] = {})],
  ['explicit-peers', 'NetworkPolicy/kafka', ({ spec }) => (spec.egress[0].to = [{ podSelector: {} }])],
  ['explicit-peers', 'NetworkPolicy/kafka', without('spec', 'egress', '0', 'ports')],
  [
    'only-notification-mails',
    'NetworkPolicy/mail-server',
    ({ spec }) => (spec.podSelector.matchLabels = { 'app.kubernetes.io/component': 'service' }),
  ],
  [
    'migration-reaches-database-only',
    'NetworkPolicy/kafka',
    ({ spec }) => delete spec.podSelector.matchLabels['app.kubernetes.io/component'],
  ],
  ['recommended-labels', CONTACT, ({ metadata }) => delete metadata.labels['app.kubernetes.io/instance']],
  ['instance-is-name', CONTACT, ({ metadata }) => (metadata.labels['app.kubernetes.io/instance'] = 'other')],
  ['in-a-namespace', SERVICE, without('metadata', 'namespace')],
  ['part-of', SERVICE, without('metadata', 'labels')],
  ['label-values', SERVICE, ({ metadata }) => (metadata.labels.note = 'not a label!')],
  ['stable-version', SCALER, (object) => (object.apiVersion = 'autoscaling/v2beta2')],
];

let production: readonly Manifest[];

beforeAll(async () => {
  const builds = await overlays(await findKustomize());
  production = builds.find(({ name }) => name === 'production')!.objects;
});

const found = (rule: string, objects: readonly Manifest[]): string[] =>
  RULES.find(({ id }) => id === rule)!
    .check(objects)
    .map(({ object, problem }) => `${object}: ${problem}`);

function changed(name: string, change: Change): Manifest[] {
  const objects = structuredClone(production) as Manifest[];
  const object = objects.find((one) => nameOf(one) === name);
  if (!object) throw new Error(`there is no ${name}`);
  change(object);
  return objects;
}

describe.each(BROKEN)('%s', (rule, object, change) => {
  test(`When ${object} breaks it, then that is found, and not before`, () => {
    const before = found(rule, production);
    const after = found(rule, changed(object, change));
    expect(after.filter((problem) => !before.includes(problem))).not.toEqual([]);
  });
});

test('When there is a rule, then something is shown to break it', () => {
  const shown = new Set(BROKEN.map(([rule]) => rule));
  expect(RULES.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([]);
});

test('When an init container breaks a rule of containers, then that is found, too', () => {
  const open = pod((spec) => (spec.initContainers = [{ name: 'open', image: 'busybox' } satisfies Container]));
  expect(found('read-only-root', changed(CONTACT, open))).toEqual([expect.stringContaining('open')]);
});
