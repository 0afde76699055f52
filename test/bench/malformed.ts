import { numberOption } from '#local';
import type { TestSystem } from '../support/test-system.js';
import { withBenchSystem } from './bench-system.js';
import { KINDS, produceMalformed } from './malformed-messages.js';
import { ours } from './programs.js';
import { say, sayRound } from './report.js';
import { runRound } from './round.js';
import { pileUp, type Run, withRun } from './run.js';
import { on } from './seed.js';

const HELP = `npm run bench:malformed -- [--malformed 100000] [--good 20000]

Puts that many messages nobody can use in the middle of good requests in the topic that privacy-service reads, and lets the four
services work on them. Checks that every good one is done and every bad one parked with its reason, that throughput is not under
a third of what it is without them, and that privacy-service stays below 256 MiB; ends with 1 when one of these does not hold.`;

const LEAST_RATIO = 1 / 3;
const MOST_MIB = 256;
const malformed = numberOption('malformed', 100_000);
const good = numberOption('good', 20_000);

if (process.argv.includes('--help')) say(HELP);
else await withBenchSystem((system, sink) => withRun(system, sink, measure));

async function measure(run: Run): Promise<void> {
  const { system } = run;
  await pileUp(run, good);
  const without = await runRound(run, ours(system), good, true);
  sayRound(without);
  await pileUp(run, Math.floor(good / 2));
  await produceMalformed(system.brokers, malformed);
  say(`  (${malformed} malformed messages written)`);
  await pileUp(run, Math.ceil(good / 2));
  const among = await runRound(run, ours(system), good, true);
  sayRound(among);
  const parked = await parkedIn(system);
  for (const [reason, count] of parked) say(`  parked as ${reason}: ${count}`);
  const allParked = KINDS.every(
    ({ reason }, kind) => parked.get(reason) === Math.ceil((malformed - kind) / KINDS.length),
  );
  const ratio = among.perSecond / without.perSecond;
  const mib = among.memory['privacy-service']!;
  const confirmed = await confirmedIn(system);
  const holds = allParked && confirmed === 2 * good && ratio >= LEAST_RATIO && mib < MOST_MIB;
  if (!holds) process.exitCode = 1;
  say(
    `bench:malformed: ${good} good ones among ${malformed} malformed, ${confirmed - good} confirmed, ${allParked ? 'all' : 'NOT ALL'} malformed parked, ${ratio.toFixed(2)} of the throughput without, privacy-service ${mib} MiB`,
  );
}

async function parkedIn(system: TestSystem): Promise<Map<string, number>> {
  const { rows } = await on(system, 'privacy_service', (db) =>
    db.query<{ reason: string; count: number }>(
      'SELECT reason, count(*)::int AS count FROM dead_letter GROUP BY reason ORDER BY reason',
    ),
  );
  return new Map(rows.map(({ reason, count }) => [reason, count]));
}

async function confirmedIn(system: TestSystem): Promise<number> {
  const { rows } = await on(system, 'privacy_service', (db) =>
    db.query<{ count: number }>(`SELECT count(*)::int AS count FROM expunge_request WHERE state = 'confirmed'`),
  );
  return rows[0]!.count;
}
