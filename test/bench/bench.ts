import { join } from 'node:path';
import { numberOption, repositoryRoot } from '#local';
import { withBenchSystem } from './bench-system.js';
import { type Latency, underLoad, whenIdle } from './click-to-mail.js';
import { costOfMetricsAndTraces } from './metrics-and-traces.js';
import { plainNest } from './plain.js';
import { sayProfiles } from './profile-summary.js';
import { type Contestant, ours, speedOfLight } from './programs.js';
import { say, sayLatency, sayRound, writeResults } from './report.js';
import { type Round, runRound } from './round.js';
import { pileUp, type Run, withRun } from './run.js';
import { on } from './seed.js';
import { takeSample } from './take-sample.js';

const HELP = `npm run bench -- [--expunges 20000] [--stored 1000000] [--only ours|latency] [--profile] [--metrics-and-traces]

How fast the main job is, and how much of the machine's speed that is. On synced PostgreSQL, a real broker and a mail server
in a process of its own, that many people press Delete Account, among that many stored contacts, while privacy-service is away.
Then it starts, and what is measured is the time from the first contact that is asked for until every ContactExpunged is on its
topic and every confirmation is accepted; and the processor time until everybody has read everything. The same is done by

  ours             the four services as they are
  speed of light   four programs that send the same SQL, records and signed mails, and do nothing else (speed-of-light)
  plain Nest       the same flow as Nest's documentation teaches it (plain-nest), with databases and topics of its own; a
                   quarter of the expunges, because it is slower

each with mail and with every mail accepted at once and none sent. Ours also with 10,000 stored contacts, and one after another,
from the click to the accepted mail, on the idle system and at half of the load it can take. Needs /proc, so Linux. Takes about
half an hour on two cores; results are also written to test/bench/results. --only leaves out those it is compared with, or
everything but the latency. --profile also says where the time of our services goes, and leaves CPU profiles in .local/profiles.
--metrics-and-traces measures something else: ours without and with metrics and traces, four rounds each.`;

const SMALL_STORE = 10_000;
/** Until then Node compiles what is hot: the first ones take half as long again. */
const WARM_UP = 600;
const IDLE_RUNS = 200;
const LOAD_SECONDS = 30;
const expunges = numberOption('expunges', 20_000);
const stored = numberOption('stored', 1_000_000);
const profiles = process.argv.includes('--profile') ? join(repositoryRoot(), '.local', 'profiles') : undefined;
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;

if (process.argv.includes('--help')) say(HELP);
else if (process.argv.includes('--metrics-and-traces')) await costOfMetricsAndTraces(stored, expunges);
else await withBenchSystem((system, sink) => withRun(system, sink, only === 'latency' ? onlyLatency : all));

async function onlyLatency(run: Run): Promise<void> {
  await run.seed.stored(stored);
  await latency(run);
}

async function all(run: Run): Promise<void> {
  await run.seed.stored(Math.min(SMALL_STORE, stored));
  say(`with ${SMALL_STORE} stored contacts`);
  const { round: small } = await onOurTopics(run, ours(run.system), true);
  await takeSample(run.sink.first!, run.sampleFile);
  say(`storing ${stored} contacts`);
  await run.seed.stored(stored);
  const { round: mine, clicksPerSecond } = await onOurTopics(run, ours(run.system, profiles), true);
  if (profiles !== undefined) sayProfiles(profiles, mine.begunAt);
  const rounds = [mine];
  const light = speedOfLight(run.system, run.sampleFile);
  if (only === undefined) rounds.push((await onOurTopics(run, light, true)).round);
  rounds.push((await onOurTopics(run, ours(run.system), false)).round);
  if (only === undefined) rounds.push((await onOurTopics(run, light, false)).round);
  const latencies = await latency(run, { clicksPerSecond, perSecond: mine.perSecond });
  if (only === undefined) rounds.push(...(await plainRounds(run)));
  conclude(small, rounds, latencies);
}

/** Has removals wait, and then the contestant do them. */
async function onOurTopics(
  run: Run,
  contestant: Contestant,
  mail: boolean,
): Promise<{ round: Round; clicksPerSecond: number }> {
  const clicksPerSecond = await pileUp(run, expunges);
  const round = await runRound(run, contestant, expunges, mail);
  sayRound(round);
  return { round, clicksPerSecond };
}

async function plainRounds({ system, sampleFile, ...stage }: Run): Promise<Round[]> {
  say(`storing ${stored} contacts for plain Nest`);
  const { contestant, pileUp: plainPileUp } = await plainNest(system, sampleFile, stored);
  const rounds: Round[] = [];
  for (const mail of [true, false]) {
    const fewer = Math.ceil(expunges / 4);
    await plainPileUp(fewer);
    await on(system, 'postgres', (db) => db.query('CHECKPOINT'));
    const round = await runRound({ system, ...stage }, contestant, fewer, mail);
    sayRound(round);
    rounds.push(round);
  }
  return rounds;
}

interface Latencies {
  readonly idle: Latency;
  readonly halfLoad?: Latency;
}

/** Clicks and what follows from them share the machine: the load it can take is that of both one after another. */
async function latency(
  { system, sink, seed, click }: Run,
  rates?: { clicksPerSecond: number; perSecond: number },
): Promise<Latencies> {
  const services = Object.values(system.services);
  await Promise.all(services.map((service) => service.start()));
  await Promise.all(services.map((service) => service.ready()));
  const idle = await whenIdle(sink, click, await seed.accounts(WARM_UP + IDLE_RUNS), WARM_UP);
  sayLatency('on the idle system', idle);
  if (!rates) return { idle };
  const half = 0.5 / (1 / rates.clicksPerSecond + 1 / rates.perSecond);
  const accounts = await seed.accounts(Math.ceil(Math.min(expunges, half * LOAD_SECONDS)));
  const halfLoad = await underLoad(sink, click, accounts, half);
  sayLatency(`at ${halfLoad.perSecond} clicks a second, half load`, halfLoad);
  await Promise.all(services.map((service) => service.stop()));
  return { idle, halfLoad };
}

function conclude(small: Round, rounds: readonly Round[], latencies: Latencies): void {
  const found = (contestant: string, mail: boolean): Round | undefined =>
    rounds.find((round) => round.contestant === contestant && round.mail === mail);
  const mine = found('ours', true)!;
  const ratio = (other: string, mail: boolean, of: (round: Round) => number): number =>
    of(found('ours', mail)!) / of(found(other, mail) ?? found('ours', mail)!);
  const ratios = Object.fromEntries(
    ['speed of light', 'plain Nest'].map((other) => {
      const [perSecond, cpuMs] = [({ perSecond: n }: Round) => n, ({ cpuMs: n }: Round) => n];
      const speed = { withMail: ratio(other, true, perSecond), noMail: ratio(other, false, perSecond) };
      return [other, { ...speed, cpuWithMail: ratio(other, true, cpuMs), cpuNoMail: ratio(other, false, cpuMs) }];
    }),
  );
  const costOfSize = mine.cpuMs / small.cpuMs;
  for (const [other, { withMail, noMail, cpuWithMail, cpuNoMail }] of Object.entries(ratios)) {
    say(
      `  to ${other}: speed ${two(withMail)} with mail, ${two(noMail)} without; processor time ${two(cpuWithMail)} and ${two(cpuNoMail)}`,
    );
  }
  say(`  processor time for one at ${stored} stored contacts: ${two(costOfSize)} times that at ${SMALL_STORE}`);
  if (only === undefined) {
    const results = { expunges, stored, ratios, costOfSize, latency: latencies, small, rounds };
    say(`  written to ${writeResults(results)}`);
  }
  const [light, plain] = [ratios['speed of light']!, ratios['plain Nest']!];
  say(
    `bench: ${Math.round(mine.perSecond)} expunges/s, ${two(light.withMail)} of speed of light, ${two(plain.withMail)} times plain Nest`,
  );
}

function two(value: number): string {
  return value.toFixed(2);
}
