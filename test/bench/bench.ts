import { join } from 'node:path';
import { numberOption, SERVICE_NAMES, waitUntil } from '#local';
import { aCompany, type TestSystem } from '../support/test-system.js';
import { withBenchSystem } from './bench-system.js';
import { clickAll, clicksOn } from './clicks.js';
import type { MailSink } from './mail-sink.js';
import { ours, speedOfLight } from './programs.js';
import { type Round, runRound, type Stage } from './round.js';
import { on, type Seed, seedFor } from './seed.js';
import { takeSample } from './take-sample.js';
import { watchTopics } from './topic-sizes.js';

const HELP = `npm run bench -- [--expunges 20000] [--stored 1000000]

...`;

const SMALL_STORE = 10_000;
const expunges = numberOption('expunges', 20_000);
const stored = numberOption('stored', 1_000_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await withBenchSystem(measure);

async function measure(system: TestSystem, sink: MailSink): Promise<void> {
  const company = await aCompany(system);
  const topics = await watchTopics(system.brokers);
  const stage: Stage = { system, sink, topics };
  const seed = await seedFor(system, company.tenantId);
  const click = clicksOn(system, company.tenantId);
  const sampleFile = join(system.dataDir, 'sample.json');
  for (const service of Object.values(system.services)) await service.stop();
  const round = async (contestant: ReturnType<typeof ours>, mail: boolean): Promise<Round> => {
    await pileUp(stage, seed, click);
    const result = await runRound(stage, contestant, expunges, mail);
    say(line(result));
    return result;
  };
  await seed.stored(Math.min(SMALL_STORE, stored));
  const small = await round(ours(system), true);
  await takeSample(sink.first!, sampleFile);
  say(`storing ${stored} contacts`);
  await seed.stored(stored);
  for (const mail of [true, false]) {
    const mine = await round(ours(system), mail);
    const light = await round(speedOfLight(system, sampleFile), mail);
    say(
      `  ${(mine.perSecond / light.perSecond).toFixed(2)} of speed of light, CPU ${(mine.cpuMs / light.cpuMs).toFixed(2)} times`,
    );
    if (mail) say(`  cost at ${stored} stored: ${(mine.cpuMs / small.cpuMs).toFixed(2)} times`);
  }
  await topics.close();
}

async function pileUp({ system, topics }: Stage, seed: Seed, click: ReturnType<typeof clicksOn>): Promise<void> {
  const accounts = await seed.accounts(expunges);
  const contacts = system.services['contact-service'];
  await contacts.start();
  await contacts.ready();
  const before = await topics.written('expunge.requests');
  const rate = await clickAll(click, accounts);
  await waitUntil(async () => (await topics.written('expunge.requests')) >= before + expunges || undefined, {
    what: 'all requests are on their topic',
    timeoutMs: 600_000,
  });
  await contacts.stop();
  await on(system, 'postgres', (db) => db.query('CHECKPOINT'));
  say(`  ${expunges} pressed Delete Account, ${Math.round(rate)} a second`);
}

function line({ contestant, mail, perSecond, cpuMs, cpu, memory }: Round): string {
  const costs = Object.entries(cpu).map(
    ([name, s]) => `${name.replace('-service', '')} ${((s * 1_000) / expunges).toFixed(2)}`,
  );
  const mib = SERVICE_NAMES.map((name) => memory[name]).join('/');
  return `${contestant}, ${mail ? 'with' : 'no'} mail: ${perSecond.toFixed(0)}/s, ${cpuMs.toFixed(2)} ms CPU (${costs.join(', ')}), ${mib} MiB`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
