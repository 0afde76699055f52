import { freePort, SERVICE_NAMES, type ServiceName } from '#local';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { scrape } from '../support/scrape.js';
import { withBenchSystem } from './bench-system.js';
import { type Contestant, ours } from './programs.js';
import { say, sayRound } from './report.js';
import { type Round, runRound } from './round.js';
import { pileUp, type Run, withRun } from './run.js';

/** As often as apps/local/observability/prometheus.yml says; the PodMonitor asks half as often. */
const SCRAPE_EVERY_MS = 15_000;
const OFF = { METRICS_PORT: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' };

/**
 * The main job without and with metrics and traces, in an order in which what grows or slows down during the run weighs on both
 * alike, after a round that does not count, since the first one is always the slowest. The clicks are traced each time: what
 * the requests carry is the same.
 */
export async function costOfMetricsAndTraces(stored: number, expunges: number): Promise<void> {
  const receiver = await startOtlpReceiver();
  const ports = await Promise.all(SERVICE_NAMES.map(() => freePort()));
  const on = SERVICE_NAMES.map((name, n) => {
    return [name, { METRICS_PORT: String(ports[n]), OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }] as const;
  });
  const env: Partial<Record<ServiceName, Record<string, string>>> = Object.fromEntries(on);
  try {
    await withBenchSystem(
      (system, sink) =>
        withRun(system, sink, async (run) => {
          await run.seed.stored(stored);
          await compare(run, expunges, ports);
        }),
      env,
    );
    say(`  ${receiver.spans.length} spans came in`);
  } finally {
    await receiver.stop();
  }
}

async function compare(run: Run, expunges: number, ports: readonly number[]): Promise<void> {
  const withAll = { ...ours(run.system), name: 'ours with metrics and traces' };
  const without: Contestant = { ...withAll, name: 'ours without', env: (name) => ({ ...withAll.env(name), ...OFF }) };
  const rounds: Round[] = [];
  const order = [without, withAll, withAll, without, withAll, without, without, withAll];
  const first = { ...without, name: 'not counted: ours without' };
  for (const contestant of [first, ...order]) {
    await pileUp(run, expunges);
    const stop = contestant === withAll ? scrapeAll(ports) : () => undefined;
    const round = await runRound(run, contestant, expunges, true).finally(stop);
    sayRound(round);
    rounds.push(round);
  }
  const of = ({ name }: Contestant): Round[] => rounds.filter((round) => round.contestant === name);
  const more = (value: (round: Round) => number): number =>
    sum(of(withAll).map(value)) / sum(of(without).map(value)) - 1;
  say(`  processor time: ${percent(more(({ cpuMs }) => cpuMs))} % more`);
  // The same number of removals took so much longer: that much fewer are made in the same time.
  const longer = more(({ perSecond }) => 1 / perSecond);
  say(`bench: metrics and traces cost ${percent(1 - 1 / (1 + longer))} % of throughput`);
}

/** As long as a service is not up, or not any more, nothing is missed. */
function scrapeAll(ports: readonly number[]): () => void {
  const timer = setInterval(() => void Promise.allSettled(ports.map((port) => scrape(port))), SCRAPE_EVERY_MS);
  return () => clearInterval(timer);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const percent = (share: number): string => (share * 100).toFixed(1);
