import { numberOption, SERVICE_NAMES, type ServiceName, waitUntil } from '#local';
import {
  aCompany,
  type Company,
  deleteAccount,
  type SignedUp,
  signUp,
  type TestSystem,
} from '../support/test-system.js';
import { residentKib, withBenchSystem } from './bench-system.js';
import type { MailSink } from './mail-sink.js';

const HELP = `npm run bench:backlog -- [--contacts 5000]

Lets Delete Accounts pile up while privacy-service is away, starts it, and prints how many are expunged, with mail, per
second, and the largest resident memory of each service (needs /proc, so Linux).`;

const AT_ONCE = 16;
const SAMPLE_MS = 200;
const count = numberOption('contacts', 5_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await withBenchSystem(measure);

async function measure(system: TestSystem, sink: MailSink): Promise<void> {
  const company = await aCompany(system);
  const memory = watchMemory(system);
  say(`signing up ${count} contacts`);
  const contacts = await inParallel(count, () => signUp(system, company));
  await system.services['privacy-service'].stop();
  say('pressing Delete Account for each of them while privacy-service is away');
  const pending = contacts.values();
  await inParallel(count, () => deleteAccount(system, pending.next().value as SignedUp));
  const started = performance.now();
  await system.services['privacy-service'].start();
  await waitUntil(() => Promise.resolve(sink.accepted >= count || undefined), {
    what: 'all mails are accepted',
    timeoutMs: 600_000,
  });
  const seconds = (performance.now() - started) / 1_000;
  await untilAllConfirmed(system, company);
  say(
    `bench:backlog: ${count} expunged with mail in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} per second (start of privacy-service included)`,
  );
  for (const [name, peak] of memory.stop())
    say(`  ${name.padEnd(21)} ${Math.round(peak / 1_024)} MiB resident at most`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function inParallel<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      results.push(await work());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function untilAllConfirmed(system: TestSystem, { officer }: Company): Promise<void> {
  const url = (state: string): string => `${system.urls['privacy-service']}/v1/expunge-requests?limit=1&state=${state}`;
  const open = async (state: string): Promise<number> => {
    return (await system.api.call<{ items: unknown[] }>(officer, 'GET', url(state))).body.items.length;
  };
  const done = async (): Promise<true | undefined> =>
    (await open('erasing')) + (await open('expunged')) === 0 || undefined;
  await waitUntil(done, { what: 'all requests are confirmed', timeoutMs: 60_000 });
}

/** Samples the resident memory (KiB) of each service's process and keeps the largest. */
function watchMemory(system: TestSystem): { stop(): Map<ServiceName, number> } {
  const peaks = new Map<ServiceName, number>();
  const sample = (): void => {
    for (const name of SERVICE_NAMES) {
      const { pid } = system.services[name];
      const kib = pid === undefined ? 0 : residentKib(pid);
      peaks.set(name, Math.max(peaks.get(name) ?? 0, kib));
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const stop = (): Map<ServiceName, number> => {
    clearInterval(timer);
    return peaks;
  };
  return { stop };
}
