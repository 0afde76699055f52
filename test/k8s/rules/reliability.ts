import { TOPICS } from '#contracts';
import { type Manifest, ofKind, selects, type Workload, workloadsOf } from '../manifest.js';
import { type Finding, finding, objectRule, podRule, type Rule } from './rule.js';

const PARTITIONS = Math.min(...Object.values(TOPICS).map(({ partitions }) => partitions));
const MANY = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'];

const targetOf = ({ spec }: Manifest): string => spec.scaleTargetRef.name as string;
const scalersOf = (objects: readonly Manifest[], name: string): Manifest[] =>
  ofKind(objects, 'HorizontalPodAutoscaler', 'ScaledObject').filter((scaler) => targetOf(scaler) === name);

/** A rule about each set of pods that stay, with what is applied together with it. */
function setRule(
  id: string,
  from: string,
  problem: (workload: Workload, objects: readonly Manifest[]) => string | undefined,
): Rule {
  const check = (objects: readonly Manifest[]): Finding[] =>
    workloadsOf(objects)
      .filter(({ object }) => object.kind !== 'Job')
      .flatMap((workload) => {
        const text = problem(workload, objects);
        return text ? [finding(workload.object, text)] : [];
      });
  return { id, from, check };
}

const spreads = ({ pod, labels }: Workload, key: string): boolean =>
  (pod.topologySpreadConstraints ?? []).some(
    ({ topologyKey, labelSelector }) => topologyKey === key && labelSelector && selects(labelSelector, labels),
  );

export const reliability: readonly Rule[] = [
  setRule('two-or-more', 'kube-score, polaris', ({ object }, objects) => {
    const scaled = scalersOf(objects, object.metadata.name).length > 0;
    return scaled || object.spec.replicas >= 2 ? undefined : 'one pod is none while it moves';
  }),
  setRule('no-replicas-beside-autoscaler', 'kube-score', ({ object }, objects) =>
    scalersOf(objects, object.metadata.name).length > 0 && object.spec.replicas !== undefined
      ? 'says `replicas`, and an autoscaler does, too'
      : undefined,
  ),
  setRule('one-autoscaler', 'ours: two would work against each other', ({ object }, objects) =>
    scalersOf(objects, object.metadata.name).length > 1 ? 'is scaled by two autoscalers' : undefined,
  ),
  setRule('disruption-budget', 'kube-score, kube-linter, polaris', ({ labels }, objects) => {
    const budgets = ofKind(objects, 'PodDisruptionBudget').filter(({ spec }) => selects(spec.selector, labels));
    return budgets.length === 1 ? undefined : `has ${budgets.length} disruption budgets`;
  }),
  objectRule('budget-lets-nodes-drain', 'kube-linter', ['PodDisruptionBudget'], ({ spec }) => {
    if (spec.unhealthyPodEvictionPolicy !== 'AlwaysAllow') return 'a pod that is not ready keeps its node';
    return spec.maxUnavailable === 1 ? undefined : 'does not let exactly one pod go at a time';
  }),
  setRule('spread', 'kube-score, polaris', (workload) => {
    const lacks = MANY.filter((key) => !spreads(workload, key));
    return lacks.length > 0 ? `is not spread over ${lacks.join(', ')}` : undefined;
  }),
  setRule('anti-affinity', 'kube-score, kube-linter', ({ pod }) =>
    pod.affinity?.podAntiAffinity ? undefined : 'its pods may share a host',
  ),
  objectRule('rolls-without-gap', 'kube-score, polaris', ['Deployment'], ({ spec }) =>
    spec.strategy?.rollingUpdate?.maxUnavailable === 0 && spec.minReadySeconds > 0
      ? undefined
      : 'an update takes pods away before others are ready',
  ),
  objectRule('bounded-history', 'ours', ['Deployment'], ({ spec }) =>
    spec.revisionHistoryLimit <= 10 && spec.progressDeadlineSeconds ? undefined : 'keeps old revisions without limit',
  ),
  podRule('priority', 'polaris', ({ pod }) => (pod.priorityClassName ? undefined : 'has no priority class')),
  objectRule('job-ends', 'kube-linter', ['Job'], ({ spec }) =>
    spec.ttlSecondsAfterFinished !== undefined ? undefined : 'stays for ever once it is done',
  ),
  objectRule('autoscaler-bounds', 'kube-score', ['HorizontalPodAutoscaler', 'ScaledObject'], ({ spec }) => {
    const [least, most] = [spec.minReplicas ?? spec.minReplicaCount ?? 1, spec.maxReplicas ?? spec.maxReplicaCount];
    if (least < 2) return 'goes down to one pod';
    return most <= PARTITIONS ? undefined : `goes up to ${most}: a topic has ${PARTITIONS} partitions`;
  }),
];
