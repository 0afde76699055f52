import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JOB } from './known-metrics.js';
import { promtool } from './promtool.js';
import { type Alert, RULES_FILE } from './rules.js';

/** What Prometheus has seen, in promtool's notation: metric with labels, and a value for each interval. */
export interface Situation {
  readonly series: Readonly<Record<string, string>>;
  /** The moment that is looked at, since the first value. */
  readonly at: string;
  /** Between two values, and two evaluations; a minute unless said. */
  readonly every?: string;
}

export interface Fires extends Situation {
  /** The same situation so much earlier, when it is too early to call anybody. */
  readonly notYet?: string;
  /** Labels besides those of the rule itself. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The description as it reaches people. */
  readonly says: string;
  readonly summary?: string;
}

/** Situations for an alert, those of both kinds as close to each other as can be. */
export interface AlertCase {
  readonly fires: readonly Fires[];
  readonly silent: readonly Situation[];
}

interface Expectation {
  readonly eval_time: string;
  readonly alertname: string;
  readonly exp_alerts: readonly object[];
}

/** What promtool says when the alert does not fire as said; empty when it does. */
export async function problemsWhenFiring(alert: Alert, { fires }: AlertCase): Promise<string> {
  const problems = await Promise.all(fires.map((one) => problemsOf(one, expectationsOf(alert, one))));
  return problems.join('');
}

/** What promtool says when the alert fires although it should not; empty when it is silent. */
export async function problemsWhenSilent({ alert }: Alert, { silent }: AlertCase): Promise<string> {
  const problems = await Promise.all(silent.map((one) => problemsOf(one, [nobodyAt(one.at, alert)])));
  return problems.join('');
}

const nobodyAt = (at: string, alert: string): Expectation => ({ eval_time: at, alertname: alert, exp_alerts: [] });

function expectationsOf(
  alert: Alert,
  { at, notYet, labels, says, summary = alert.annotations!.summary }: Fires,
): Expectation[] {
  const expected = {
    exp_labels: { ...alert.labels, ...labels },
    exp_annotations: { ...alert.annotations, summary, description: says },
  };
  const fires = { eval_time: at, alertname: alert.alert, exp_alerts: [expected] };
  return notYet === undefined ? [fires] : [fires, nobodyAt(notYet, alert.alert)];
}

async function problemsOf({ series, every = '1m' }: Situation, expectations: readonly Expectation[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contact-expunge-alerts-'));
  const input = Object.entries(series).map(([name, values]) => ({ series: ofOurJob(name), values }));
  const content = {
    rule_files: [RULES_FILE],
    evaluation_interval: every,
    tests: [{ interval: every, input_series: input, alert_rule_test: expectations }],
  };
  try {
    const file = join(folder, 'test.yaml');
    await writeFile(file, JSON.stringify(content));
    const { ok, output } = await promtool('test', 'rules', file);
    return ok ? '' : output;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const ofOurJob = (series: string): string => series.replace('{', `{job="${JOB}",`);
