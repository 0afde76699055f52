import { setTimeout as sleep } from 'node:timers/promises';
import { numberOption, SERVICE_NAMES, waitUntil } from '#local';
import { type Instance, startInstance } from '../support/instances.js';
import { withBenchSystem } from './bench-system.js';
import { underLoad } from './click-to-mail.js';
import { Pulse, type Span } from './pulse.js';
import { say, sayLatency } from './report.js';
import { pileUp, type Run, withRun } from './run.js';

const HELP = `npm run bench:scaling -- [--expunges 5000] [--clicks 40] [--times 3] [--standstill]

What more instances of privacy-service bring, and what their coming and going costs the others. On synced PostgreSQL, a real broker
and a mail server in a process of its own

  how many removals a second 1, 2 and 4 instances do of a backlog of --expunges, the other services one each;
  how long two instances handle no message when a third joins, and when it is told to stop, --times times, while people press
  Delete Account --clicks times a second; and the time from the click to the accepted mail meanwhile.

Ends with 1 when the others stood still for more than 3 s. --standstill leaves out the throughput.`;

const MOST_SECONDS = 3;
/** Before, between and after joining and leaving. */
const CALM_SECONDS = 5;
/** For one joining and one leaving, with the calm around them, on the slowest machine. */
const ROUND_SECONDS = 60;
const PATIENCE_MS = 600_000;
const OTHERS = SERVICE_NAMES.filter((name) => name !== 'privacy-service');
const expunges = numberOption('expunges', 5_000);
const clicks = numberOption('clicks', 40);
const times = numberOption('times', 3);
const standstillOnly = process.argv.includes('--standstill');

if (process.argv.includes('--help')) say(HELP);
else await withBenchSystem((system, sink) => withRun(system, sink, all));

async function all(run: Run): Promise<void> {
  for (const instances of standstillOnly ? [] : [1, 2, 4]) await throughput(run, instances);
  await standstill(run);
}

/** From the first contact that is asked for until all confirmations are accepted, as in `npm run bench`. */
async function throughput(run: Run, count: number): Promise<void> {
  const { system, sink, topics } = run;
  await pileUp(run, expunges);
  const before = { asked: await topics.written('expunge.commands'), mails: sink.accepted };
  await startOthers(run);
  const starting = Promise.all(Array.from({ length: count }, () => startInstance(system, 'privacy-service')));
  const asked = async (): Promise<true | undefined> =>
    (await topics.written('expunge.commands')) > before.asked || undefined;
  await waitUntil(asked, { what: 'the first contact is asked for', timeoutMs: PATIENCE_MS });
  const begun = performance.now();
  const mailed = (): true | undefined => sink.accepted >= before.mails + expunges || undefined;
  await waitUntil(mailed, { what: 'all confirmations are accepted', timeoutMs: PATIENCE_MS, see: system.logDir });
  const perSecond = (expunges * 1_000) / (performance.now() - begun);
  say(`  ${count} of privacy-service: ${Math.round(perSecond)} removals a second`);
  await Promise.all([...(await starting).map((instance) => instance.stop()), stopOthers(run)]);
}

async function standstill(run: Run): Promise<void> {
  await startOthers(run);
  const staying = [new Pulse(), new Pulse()];
  const instances = await Promise.all(staying.map((pulse) => privacy(run, pulse)));
  const accounts = await run.seed.accounts(clicks * ROUND_SECONDS * times);
  const coming = { over: false };
  const clicking = underLoad(run.sink, run.click, until(coming, accounts), clicks);
  await sleep(CALM_SECONDS * 1_000);
  const gaps = { joined: 0, left: 0 };
  for (let round = 1; round <= times; round += 1) {
    const { joining, leaving } = await comeAndGo(run);
    gaps.joined = Math.max(gaps.joined, ...staying.map((pulse) => pulse.longestGap(joining)));
    gaps.left = Math.max(gaps.left, ...staying.map((pulse) => pulse.longestGap(leaving)));
    const whole = { from: joining.from - CALM_SECONDS * 1_000, to: leaving.to };
    for (const pulse of staying) say(`    handled each second: ${pulse.perSecond(whole).join(' ')}`);
  }
  coming.over = true;
  sayLatency('while they came and went', await clicking);
  await Promise.all([...instances.map((instance) => instance.stop()), stopOthers(run)]);
  const [joined, left] = [gaps.joined / 1_000, gaps.left / 1_000];
  say(`bench: others stood still at most ${joined.toFixed(1)} s when one joined, ${left.toFixed(1)} s when one left`);
  if (Math.max(joined, left) > MOST_SECONDS) process.exitCode = 1;
}

function* until<T>(end: { readonly over: boolean }, items: Iterable<T>): Generator<T> {
  for (const item of items) {
    if (end.over) return;
    yield item;
  }
}

/** A third instance joins, and is told to stop; each span ends when the others have settled. */
async function comeAndGo(run: Run): Promise<{ joining: Span; leaving: Span }> {
  const joining = await during(async () => privacy(run, new Pulse()));
  const leaving = await during(async () => joining.result.stop());
  return { joining, leaving };
}

async function during<T>(work: () => Promise<T>): Promise<Span & { result: T }> {
  const from = Date.now();
  const result = await work();
  await sleep(CALM_SECONDS * 1_000);
  return { from, to: Date.now(), result };
}

function privacy({ system }: Run, { onLine }: Pulse): Promise<Instance> {
  return startInstance(system, 'privacy-service', { onLine, env: { LOG_LEVEL: 'debug' } });
}

async function startOthers({ system }: Run): Promise<void> {
  await Promise.all(OTHERS.map((name) => system.services[name].start()));
  await Promise.all(OTHERS.map((name) => system.services[name].ready()));
}

async function stopOthers({ system }: Run): Promise<void> {
  await Promise.all(OTHERS.map((name) => system.services[name].stop()));
}
