import { isDeepStrictEqual } from 'node:util';
import { JOB } from '../alerts/known-metrics.js';
import { readRules } from '../alerts/rules.js';
import { type Manifest, nameOf, ofKind, selects, type Workload } from './manifest.js';

interface Endpoint {
  readonly port: string;
  readonly honorLabels?: boolean;
  readonly relabelings?: readonly { readonly targetLabel?: string }[];
}

/** Where Prometheus would not see a service, or see it under another name than the rules do, or know other rules. */
export function metricsDrift(services: readonly Workload[], objects: readonly Manifest[]): string[] {
  const monitors = ofKind(objects, 'PodMonitor');
  if (monitors.length === 0) return [];
  return [
    ...services.flatMap((service) => unseen(service, monitors).map((text) => `${nameOf(service.object)}: ${text}`)),
    ...ruleDrift(objects),
  ];
}

function unseen({ labels, containers }: Workload, monitors: readonly Manifest[]): string[] {
  const own = monitors.filter(({ spec }) => selects(spec.selector, labels));
  if (own.length !== 1) return [`its metrics are read by ${own.length} PodMonitors`];
  const { jobLabel, podMetricsEndpoints } = own[0]!.spec as { jobLabel: string; podMetricsEndpoints: Endpoint[] };
  const named = containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
  const [endpoint] = podMetricsEndpoints;
  return [
    ...(named.includes(endpoint?.port) ? [] : [`has no port ${endpoint?.port}, where its metrics are looked for`]),
    ...(labels[jobLabel] === JOB ? [] : [`its metrics are not those of job ${JOB}`]),
    ...(endpoint?.honorLabels && endpoint.relabelings?.some(({ targetLabel }) => targetLabel === 'service')
      ? []
      : ['its metrics do not carry its name']),
  ];
}

/** The address of the runbook may be somebody's own; which section an alert leads to may not. */
function ruleDrift(objects: readonly Manifest[]): string[] {
  const wanted = withoutAddresses(readRules());
  const same = ofKind(objects, 'PrometheusRule').filter(({ spec }) =>
    isDeepStrictEqual(withoutAddresses(spec as object), wanted),
  );
  return same.length === 1 ? [] : [`${same.length} PrometheusRules hold the rules of alerts.yaml`];
}

const withoutAddresses = (rules: object): unknown =>
  JSON.parse(JSON.stringify(rules), (key, value: unknown) =>
    key === 'runbook_url' ? String(value).replace(/^https:\/\/[^#]+/, '') : value,
  );
