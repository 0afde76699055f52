import type { Container, Probe, Workload } from '../manifest.js';
import { containerRule, podRule, type Rule } from './rule.js';

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

const serves = ({ object }: Workload): boolean => object.kind !== 'Job';
const portOf = (probe: Probe | undefined): string | number | undefined =>
  probe?.httpGet?.port ?? probe?.tcpSocket?.port;
const asks = ({ httpGet, tcpSocket, exec }: Probe = {}): string => JSON.stringify({ httpGet, tcpSocket, exec });

const exposes = ({ ports = [] }: Container, port: string | number): boolean =>
  ports.some(({ name, containerPort }) => name === port || containerPort === port);

export const probes: readonly Rule[] = [
  containerRule('three-probes', 'kube-score, kube-linter, polaris', (container, workload) => {
    const lacks = serves(workload) ? PROBES.filter((probe) => !container[probe]) : [];
    return lacks.length > 0 ? `has no ${lacks.join(', ')}` : undefined;
  }),
  containerRule('live-is-not-ready', 'kube-score', ({ livenessProbe, readinessProbe }) =>
    livenessProbe && asks(livenessProbe) === asks(readinessProbe)
      ? 'is restarted for what only keeps traffic away'
      : undefined,
  ),
  containerRule('probe-ports-exposed', 'kube-linter', (container) => {
    const ports = PROBES.map((probe) => portOf(container[probe])).filter((port) => port !== undefined);
    const hidden = ports.filter((port) => !exposes(container, port));
    return hidden.length > 0 ? `probes port ${hidden[0]}, which it does not expose` : undefined;
  }),
  containerRule('named-ports', 'kube-linter', ({ ports = [] }) =>
    ports.every(({ name }) => name) ? undefined : 'has a port without a name',
  ),
  podRule('stops-in-time', 'ours: sleep and deadline within the grace period', (workload) => {
    const { pod, containers } = workload;
    const grace = pod.terminationGracePeriodSeconds ?? 30;
    const sleeps = containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
    return Math.max(0, ...sleeps) >= grace ? 'sleeps through its grace period' : undefined;
  }),
];
