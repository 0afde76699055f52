import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { aMessagingDatabase } from '../../../test/support/messaging.js';
import { Housekeeping } from './housekeeping.js';

let db: DataSource;

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(async () => {
  for (const table of ['inbox', 'dead_letter']) await db.query(`DELETE FROM ${table}`);
});
afterAll(() => db.destroy());

const handledBefore = (age: string, count = 1) =>
  db.query(
    `INSERT INTO inbox (id, received_at) SELECT gen_random_uuid(), now() - $1::interval FROM generate_series(1, $2)`,
    [age, count],
  );
const parkedBefore = (age: string, lastBefore: string) =>
  db.query(
    `INSERT INTO dead_letter (topic, type, key, digest, reason, headers, data, parked_at, last_at)
     VALUES ('t', 'x', $1 || $2, '', 'r', '{}', '', now() - $1::interval, now() - $2::interval)`,
    [age, lastBefore],
  );
const left = async (table: string): Promise<number> => (await db.query(`SELECT count(*)::int AS n FROM ${table}`))[0].n;

test('When an id is older than any topic keeps its message, then it ends; nothing younger does', async () => {
  await handledBefore('8 days 1 minute');
  await handledBefore('7 days 23 hours 59 minutes');
  expect(await new Housekeeping(db).execute()).toBe('idle');
  expect(await db.query(`SELECT received_at > now() - interval '8 days' AS young FROM inbox`)).toEqual([
    { young: true },
  ]);
});

test('When a dead letter was not seen for thirty days, then it ends; nothing younger does', async () => {
  await parkedBefore('30 days 1 minute', '30 days 1 minute');
  await parkedBefore('40 days', '29 days 23 hours');
  await new Housekeeping(db).execute();
  expect(await db.query('SELECT key FROM dead_letter')).toEqual([{ key: '40 days29 days 23 hours' }]);
});

test('When there is much to end, then it ends in bounded chunks, and says that there is more', async () => {
  await handledBefore('9 days', 10_001);
  const housekeeping = new Housekeeping(db);
  expect(await housekeeping.execute()).toBe('more');
  expect(await left('inbox')).toBe(1);
  expect(await housekeeping.execute()).toBe('idle');
  expect(await left('inbox')).toBe(0);
});
