import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { aMessagingDatabase } from '../../../test/support/messaging.js';
import { untilOneWaits } from '../../../test/support/messaging-node.js';
import { lockKnownSubjects, lockSubjects } from './index.js';

let db: DataSource;

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(() => db.query('DELETE FROM subject'));
afterAll(() => db.destroy());

const tenantId = randomUUID();
const lock = (tx: EntityManager, ...ids: string[]) =>
  lockSubjects(
    tx,
    ids.map((contactId) => ({ contactId, tenantId })),
  );
const lockKnown = (tx: EntityManager, ...ids: string[]) => lockKnownSubjects(tx, ids);
const twoIds = (): [string, string] => [randomUUID(), randomUUID()].sort() as [string, string];

/** One takes `low`, another asks for both in the wrong order, then the first one takes `high`: a deadlock, or none. */
async function crossing(take: typeof lock | typeof lockKnown, [low, high]: [string, string]): Promise<void> {
  let other: Promise<unknown> = Promise.resolve();
  await db.transaction(async (tx) => {
    await take(tx, low);
    other = db.transaction((second) => take(second, high, low));
    other.catch(() => undefined);
    await untilOneWaits(db);
    await take(tx, high);
  });
  await other;
}

test('When two make the same new subjects in different order, then neither waits for the other for ever', async () => {
  await crossing(lock, twoIds());
});

test('When two lock the same subjects in different order, then neither waits for the other for ever', async () => {
  const [low, high] = twoIds();
  await db.transaction((tx) => lock(tx, high));
  await db.transaction((tx) => lock(tx, low));
  await crossing(lock, [low, high]);
  await crossing(lockKnown, [low, high]);
});

test('When a subject is locked, then the next one waits, and sees what was done meanwhile', async () => {
  const [id] = twoIds();
  await db.transaction((tx) => lock(tx, id));
  let second: Promise<{ tombstone?: { expungeId: string } } | undefined> = Promise.resolve(undefined);
  const expungeId = randomUUID();
  await db.transaction(async (tx) => {
    await lock(tx, id);
    second = db.transaction(async (later) => (await lock(later, id)).get(id));
    await untilOneWaits(db);
    const bury = `UPDATE subject SET expunge_id = $2, erased_at = now(), outcome = 'erased', stores = '[]'`;
    await tx.query(`${bury} WHERE contact_id = $1`, [id, expungeId]);
  });
  expect((await second)?.tombstone?.expungeId).toBe(expungeId);
});

test('When a subject is known under another tenant, then its tenant stays', async () => {
  const contactId = randomUUID();
  await db.transaction((tx) => lock(tx, contactId));
  const subjects = await db.transaction((tx) => lockSubjects(tx, [{ contactId, tenantId: randomUUID() }]));
  expect(subjects.get(contactId)).toEqual({ contactId, tenantId });
});

test('When known subjects are locked, then unknown ones are not made', async () => {
  const [known, unknown] = twoIds();
  await db.transaction((tx) => lock(tx, known));
  const found = await db.transaction((tx) => lockKnown(tx, known, unknown));
  expect([...found.keys()]).toEqual([known]);
  expect(await db.query('SELECT contact_id FROM subject')).toEqual([{ contact_id: known }]);
});
