import { expect } from '@jest/globals';
import { untilSettled } from '#local';
import { DATABASE_NAMES } from '../../apps/local/src/catalogue.js';
import type { Accepted } from './balanced-clients.js';
import { rowsOf } from './instances.js';
import { readTopics } from './read-topics.js';
import type { TestSystem } from './test-system.js';

const PATIENCE_MS = 120_000;

/** Everything comes to rest; each removal is confirmed, told and mailed once, no message was published twice or put aside. */
export async function expectEachOnce(system: TestSystem, removed: readonly Accepted[]): Promise<void> {
  await untilSettled(system, PATIENCE_MS);
  const ids = removed.map(({ expungeId }) => expungeId);
  const sql = `SELECT state, count(*)::int AS count FROM expunge_request WHERE expunge_id = ANY($1) GROUP BY state`;
  expect(await rowsOf(system, 'privacy_service', sql, [ids])).toEqual([{ state: 'confirmed', count: removed.length }]);
  const messages = await readTopics(system.brokers);
  const twice = [...Map.groupBy(messages, ({ id }) => id).values()].filter((copies) => copies.length > 1);
  expect(twice.map((copies) => copies[0]!.type)).toEqual([]);
  const keys = new Set(removed.map(({ id }) => id));
  const told = messages.filter(({ topic, key }) => topic === 'contact.expunged' && keys.has(key));
  expect(told.map(({ key }) => key).sort()).toEqual([...keys].sort());
  const mails = await Promise.all(
    removed.map(async ({ email }) => (await system.mail!.messages({ to: email })).length),
  );
  expect(mails.filter((count) => count !== 1)).toEqual([]);
  for (const database of DATABASE_NAMES) {
    expect(await rowsOf(system, database, 'SELECT type, reason FROM dead_letter')).toEqual([]);
  }
}
