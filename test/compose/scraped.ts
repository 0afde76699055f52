import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SERVICES } from '#contracts';
import { repositoryRoot } from '#local';
import { EVERYWHERE, JOB } from '../alerts/known-metrics.js';
import type { Compose } from './compose.js';
import { variablesIn } from './rules.js';

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly honor_labels?: boolean;
    readonly static_configs: readonly {
      readonly targets: readonly string[];
      readonly labels: Readonly<Record<string, string>>;
    }[];
  }[];
}

const FILE = 'apps/local/observability/prometheus.yml';

/** What Prometheus is told when the profile `observability` is started. */
export const prometheusConfig = (): PrometheusConfig =>
  parse(readFileSync(join(repositoryRoot(), FILE), 'utf8')) as PrometheusConfig;

/** Where Prometheus would ask other ports than the services answer on, name them otherwise than the rules do, or find no rules. */
export function scrapeProblems(compose: Compose, config = prometheusConfig()): string[] {
  const mounted = (compose.services.prometheus?.volumes ?? []).map((text) => text.split(':')[1]);
  const [job] = config.scrape_configs;
  const targets = (job?.static_configs ?? []).flatMap((one) => one.targets.map((to) => `${one.labels.service}=${to}`));
  const wanted = SERVICES.map((name) => `${name}=${name}:${variablesIn(compose.services[name] ?? {}).METRICS_PORT}`);
  return [
    ...wanted.filter((target) => !targets.includes(target)).map((target) => `${FILE}: does not ask ${target}`),
    ...targets.filter((target) => !wanted.includes(target)).map((target) => `${FILE}: asks ${target}, which is nobody`),
    ...(job?.job_name === JOB && job.honor_labels
      ? []
      : [`${FILE}: not job ${JOB} with labels ${EVERYWHERE.join(', ')}`]),
    ...config.rule_files.filter((file) => !mounted.includes(file)).map((file) => `prometheus: mounts no ${file}`),
  ];
}
