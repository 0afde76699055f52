import { join } from 'node:path';
import { waitUntil } from '#local';
import { aCompany, type TestSystem } from '../support/test-system.js';
import { type Click, clickAll, clicksOn } from './clicks.js';
import type { MailSink } from './mail-sink.js';
import { say } from './report.js';
import type { Stage } from './round.js';
import { on, type Seed, seedFor } from './seed.js';
import { type Topics, watchTopics } from './topic-sizes.js';

/** What a benchmark of the main job stands on. */
export interface Run extends Stage {
  readonly topics: Topics;
  readonly seed: Seed;
  readonly click: Click;
  /** Words of a confirmation of ours, for those that send the same. */
  readonly sampleFile: string;
}

/** A client company without contacts, and no service at work. */
export async function withRun(system: TestSystem, sink: MailSink, work: (run: Run) => Promise<void>): Promise<void> {
  const { tenantId } = await aCompany(system);
  const topics = await watchTopics(system.brokers);
  const seed = await seedFor(system, tenantId);
  const sampleFile = join(system.dataDir, 'sample.json');
  await Promise.all(Object.values(system.services).map((service) => service.stop()));
  try {
    await work({ system, sink, topics, seed, click: clicksOn(system, tenantId), sampleFile });
  } finally {
    await topics.close();
  }
}

/** So many people press Delete Account, and their requests wait in the topic; returns how many clicks a second there were. */
export async function pileUp({ system, topics, seed, click }: Run, people: number): Promise<number> {
  const accounts = await seed.accounts(people);
  const contacts = system.services['contact-service'];
  await contacts.start();
  await contacts.ready();
  const before = await topics.written('expunge.requests');
  const perSecond = await clickAll(click, accounts);
  const arrived = async (): Promise<true | undefined> =>
    (await topics.written('expunge.requests')) >= before + people || undefined;
  await waitUntil(arrived, { what: 'all requests are on their topic', timeoutMs: 600_000, everyMs: 100 });
  await contacts.stop();
  await on(system, 'postgres', (db) => db.query('CHECKPOINT'));
  say(`  (${people} pressed Delete Account, ${Math.round(perSecond)} a second)`);
  return perSecond;
}
