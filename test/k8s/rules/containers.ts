import type { Container, Workload } from '../manifest.js';
import { containerRule, podRule, quantity, type Rule } from './rule.js';

const HIGHEST_NODE_ID = 10_000;
const MOST_OF_MEMORY = 0.75;
const SECRET_NAME = /PASSWORD|SECRET|TOKEN|CREDENTIAL|PRIVATE/i;
const PINNED = /(@sha256:[0-9a-f]{64}|:[^:/@]+)$/;

const missing = (container: Container, ...resources: readonly string[]): string | undefined => {
  const lacks = ['requests', 'limits'].flatMap((kind) =>
    resources.filter((name) => Number.isNaN(quantity(container.resources?.[kind as 'requests' | 'limits']?.[name]))),
  );
  return lacks.length > 0 ? `says nothing about ${[...new Set(lacks)].join(', ')}` : undefined;
};

function ids(container: Container, { pod }: Workload): (number | undefined)[] {
  const { runAsUser, runAsGroup } = { ...pod.securityContext, ...container.securityContext };
  return [runAsUser, runAsGroup];
}

export const containers: readonly Rule[] = [
  containerRule('user-and-group', 'kube-score', (container, workload) =>
    ids(container, workload).every((id) => id !== undefined && id >= HIGHEST_NODE_ID)
      ? undefined
      : 'user or group id below 10000 may be somebody of the node',
  ),
  containerRule('read-only-root', 'kube-score, kube-linter, polaris', ({ securityContext: own }) =>
    own?.readOnlyRootFilesystem ? undefined : 'can write to its root file system',
  ),
  containerRule('image-pinned', 'kube-score, kube-linter, polaris', ({ image }) =>
    PINNED.test(image) && !image.endsWith(':latest') ? undefined : `${image} is no fixed version`,
  ),
  containerRule('pull-always', 'kube-score, polaris', ({ imagePullPolicy }) =>
    imagePullPolicy === 'Always'
      ? undefined
      : 'the node may run an old image of that name, without asking the registry',
  ),
  containerRule('cpu-request', 'kube-score, kube-linter, polaris', ({ resources }) =>
    quantity(resources?.requests?.cpu) > 0 ? undefined : 'requests no CPU',
  ),
  containerRule('cpu-limit', 'kube-score, polaris', ({ resources }) =>
    quantity(resources?.limits?.cpu) > 0 ? undefined : 'has no limit of CPU',
  ),
  containerRule('memory', 'kube-score, kube-linter, polaris', (container) => missing(container, 'memory')),
  containerRule('ephemeral-storage', 'kube-score', (container) => missing(container, 'ephemeral-storage')),
  containerRule('no-variable-twice', 'kube-score, kube-linter', ({ env = [] }) => {
    const twice = env.map(({ name }) => name).filter((name, n, all) => all.indexOf(name) !== n);
    return twice.length > 0 ? `sets ${twice.join(', ')} twice` : undefined;
  }),
  containerRule('no-secret-in-environment', 'kube-linter, polaris', ({ env = [] }) => {
    // A path is no secret; that is what these names end in.
    const named = env.filter(({ name, value }) => value && SECRET_NAME.test(name) && !name.endsWith('_FILE'));
    const quoted = env.filter(({ value = '' }) => /\/\/[^@/\s]*:[^@/\s]*@/.test(value));
    const [first] = [...named, ...quoted];
    return first ? `${first.name} holds a secret` : undefined;
  }),
  containerRule('no-secret-as-variable', 'ours: files change without a restart', ({ env = [] }) => {
    const first = env.find(({ valueFrom }) => valueFrom && 'secretKeyRef' in valueFrom);
    return first ? `${first.name} comes from a Secret` : undefined;
  }),
  containerRule('heap-below-memory', 'ours: 75 % of the limit', ({ env = [], resources }) => {
    const options = env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
    const heap = /--max-old-space-size=(\d+)/.exec(options)?.[1];
    if (heap === undefined) return undefined;
    return Number(heap) * 2 ** 20 <= quantity(resources?.limits?.memory) * MOST_OF_MEMORY
      ? undefined
      : 'its heap may grow beyond 75 % of its memory';
  }),
  podRule('scratch-space-limited', 'kube-linter', ({ pod }) => {
    const open = (pod.volumes ?? []).filter(({ emptyDir }) => emptyDir && !(quantity(emptyDir.sizeLimit) > 0));
    return open.length > 0 ? `${open.map(({ name }) => name).join(', ')} may grow without limit` : undefined;
  }),
  podRule('no-token', 'kube-score, polaris', ({ pod }) =>
    pod.automountServiceAccountToken === false ? undefined : 'mounts a token of the cluster',
  ),
  podRule('own-service-account', 'kube-linter', ({ pod }) =>
    pod.serviceAccountName && pod.serviceAccountName !== 'default' ? undefined : 'uses the default service account',
  ),
];
