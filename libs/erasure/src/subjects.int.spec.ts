import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { inEveryTenant, inTenant } from '#messaging';
import { aMessagingDatabase, everyTenantOf } from '../../../test/support/messaging.js';
import { untilOneWaits } from '../../../test/support/messaging-node.js';
import { lockKnownSubjects, lockSubjects } from './index.js';

let db: DataSource;
/** Sees every tenant, as a handler would that forgot its own. */
let all: DataSource;

beforeAll(async () => {
  db = await aMessagingDatabase();
  all = await everyTenantOf(db);
});
beforeEach(() => all.query('DELETE FROM subject'));
afterAll(() => Promise.all([db.destroy(), all.destroy()]));

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
  await inTenant(db, tenantId, async (tx) => {
    await take(tx, low);
    other = inTenant(db, tenantId, (second) => take(second, high, low));
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
  await inTenant(db, tenantId, (tx) => lock(tx, high));
  await inTenant(db, tenantId, (tx) => lock(tx, low));
  await crossing(lock, [low, high]);
  await crossing(lockKnown, [low, high]);
});

test('When a subject is locked, then the next one waits, and sees what was done meanwhile', async () => {
  const [id] = twoIds();
  await inTenant(db, tenantId, (tx) => lock(tx, id));
  let second: Promise<{ tombstone?: { expungeId: string } } | undefined> = Promise.resolve(undefined);
  const expungeId = randomUUID();
  await inTenant(db, tenantId, async (tx) => {
    await lock(tx, id);
    second = inTenant(db, tenantId, async (later) => (await lock(later, id)).get(id));
    await untilOneWaits(db);
    const bury = `UPDATE subject SET expunge_id = $2, erased_at = now(), outcome = 'erased', stores = '[]'`;
    await tx.query(`${bury} WHERE contact_id = $1`, [id, expungeId]);
  });
  expect((await second)?.tombstone?.expungeId).toBe(expungeId);
});

test('When a subject is known under another tenant, then it is refused, and nothing of it is changed or locked', async () => {
  const [known, unknown] = twoIds();
  await inTenant(db, tenantId, (tx) => lock(tx, known));
  const other = randomUUID();
  const contacts = [known, unknown].map((contactId) => ({ contactId, tenantId: other }));
  const refused = { name: 'WrongTenant', message: 'The contact belongs to another tenant.' };
  await inTenant(db, tenantId, async (tx) => {
    await lock(tx, known);
    await expect(inTenant(db, other, (second) => lockSubjects(second, contacts))).rejects.toMatchObject(refused);
  });
  // Without the database's own check the code still refuses.
  await expect(inEveryTenant(db, (tx) => lockSubjects(tx, contacts))).rejects.toMatchObject(refused);
  expect(await all.query('SELECT contact_id, tenant_id FROM subject')).toEqual([
    { contact_id: known, tenant_id: tenantId },
  ]);
});

test('When known subjects are locked, then unknown ones are not made', async () => {
  const [known, unknown] = twoIds();
  await inTenant(db, tenantId, (tx) => lock(tx, known));
  const found = await inTenant(db, tenantId, (tx) => lockKnown(tx, known, unknown));
  expect([...found.keys()]).toEqual([known]);
  expect(await all.query('SELECT contact_id FROM subject')).toEqual([{ contact_id: known }]);
});
