import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Two situations for an alert, as close to each other as can be. */
export interface AlertCase {
  readonly fires: Fires;
  readonly silent: Situation;
}

interface Expectation {
  readonly eval_time: string;
  readonly alertname: string;
  readonly exp_alerts: readonly object[];
}

/** What promtool says when the alert does not fire as said; empty when it does. */
export const problemsWhenFiring = (alert: Alert, { fires }: AlertCase): Promise<string> => {
  const expected = {
    exp_labels: { ...alert.labels, ...fires.labels },
    exp_annotations: {
      ...alert.annotations,
      description: fires.says,
      ...(fires.summary === undefined ? {} : { summary: fires.summary }),
    },
  };
  return problemsOf(fires, [
    { eval_time: fires.at, alertname: alert.alert, exp_alerts: [expected] },
    ...(fires.notYet === undefined ? [] : [{ eval_time: fires.notYet, alertname: alert.alert, exp_alerts: [] }]),
  ]);
};

/** What promtool says when the alert fires although it should not; empty when it is silent. */
export const problemsWhenSilent = ({ alert }: Alert, { silent }: AlertCase): Promise<string> =>
  problemsOf(silent, [{ eval_time: silent.at, alertname: alert, exp_alerts: [] }]);

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

/** Every series of ours has this label, by the PodMonitor and by prometheus.yml. */
const ofOurJob = (series: string): string =>
  series.includes('{') ? series.replace('{', '{job="contact-expunge",') : `${series}{job="contact-expunge"}`;
