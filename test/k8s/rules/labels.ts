import { objectRule, type Rule } from './rule.js';

const NAMED = ['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/part-of'];
const CLUSTER_WIDE = new Set(['Namespace', 'PriorityClass']);
const WORKLOADS = ['Deployment', 'StatefulSet', 'Job'];
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
/** Of built-in groups only what will stay; of others what their operators call stable, KEDA having nothing newer. */
const UNSTABLE = /(alpha|beta)\d*$/;

export const labels: readonly Rule[] = [
  objectRule('recommended-labels', 'polaris, kube-linter', WORKLOADS, ({ metadata }) => {
    const lacks = NAMED.filter((label) => !metadata.labels?.[label]);
    return lacks.length > 0 ? `has no label ${lacks.join(', ')}` : undefined;
  }),
  objectRule('instance-is-name', 'polaris', WORKLOADS, ({ metadata }) =>
    metadata.labels?.['app.kubernetes.io/instance'] === metadata.name ? undefined : 'its instance is not its name',
  ),
  {
    id: 'in-a-namespace',
    from: 'kube-linter',
    check: (objects) =>
      objects
        .filter(({ kind, metadata }) => !CLUSTER_WIDE.has(kind) && (metadata.namespace ?? 'default') === 'default')
        .map(({ kind, metadata }) => ({ object: `${kind}/${metadata.name}`, problem: 'is in the default namespace' })),
  },
  {
    id: 'part-of',
    from: 'ours: everything can be found by one label',
    check: (objects) =>
      objects
        .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] !== 'contact-expunge')
        .map(({ kind, metadata }) => ({ object: `${kind}/${metadata.name}`, problem: 'is not labelled as a part' })),
  },
  {
    id: 'label-values',
    from: 'kube-score',
    check: (objects) =>
      objects
        .filter(({ metadata }) => Object.values(metadata.labels ?? {}).some((value) => !LABEL_VALUE.test(value)))
        .map(({ kind, metadata }) => ({ object: `${kind}/${metadata.name}`, problem: 'has a label no cluster takes' })),
  },
  {
    id: 'stable-version',
    from: 'kube-score, polaris',
    check: (objects) =>
      objects
        .filter(({ apiVersion }) => UNSTABLE.test(apiVersion) && !apiVersion.startsWith('keda.sh/'))
        .map(({ kind, metadata, apiVersion }) => ({
          object: `${kind}/${metadata.name}`,
          problem: `${apiVersion} may go away`,
        })),
  },
];
