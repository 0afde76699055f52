import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ContactExpunged, type Data } from '#contracts';
import { inTenant, type Received } from '#messaging';
import { aContactExpunged, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, everyTenantOf } from '../../../test/support/messaging.js';
import { countStatements } from '../../../test/support/statements.js';
import type { Binding } from '../../messaging/src/parse-record.js';
import { ChunkProcessor } from '../../messaging/src/chunk-processor.js';
import { lockSubjects, rememberExpunged, tableStore } from './index.js';

let db: DataSource;
let all: DataSource;
const participant = { name: 'workflow-service', stores: [tableStore('held', { table: 'held' })] };
const handler: Binding['handler'] = {
  handle: (messages, tx) => rememberExpunged(participant, messages as Received<ContactExpunged>[], tx),
};

beforeAll(async () => {
  db = await aMessagingDatabase();
  all = await everyTenantOf(db);
});
beforeEach(async () => {
  for (const table of ['held', 'outbox', 'dead_letter', 'subject']) await all.query(`DELETE FROM ${table}`);
});
afterAll(() => Promise.all([db.destroy(), all.destroy()]));

const hear = (...events: Data<ContactExpunged>[]) =>
  new ChunkProcessor(db, new Map([[ContactExpunged.type, { message: ContactExpunged, handler }]])).process(
    events.map((event) => aRecord(ContactExpunged, event)),
  );

/** A contact this service knows and holds data of. */
async function aKnownContact(): Promise<Data<ContactExpunged>> {
  const event = aContactExpunged();
  await inTenant(db, event.tenantId, (tx) => lockSubjects(tx, [event]));
  await all.query(`INSERT INTO held VALUES ($1, $2, 'one')`, [event.tenantId, event.contactId]);
  return event;
}
const held = async (): Promise<string[]> =>
  (await all.query('SELECT contact_id FROM held')).map((row: { contact_id: string }) => row.contact_id);
const graves = (): Promise<{ contact_id: string; expunge_id: string; outcome: string }[]> =>
  all.query('SELECT contact_id, expunge_id, outcome FROM subject WHERE erased_at IS NOT NULL ORDER BY contact_id');

test('When a contact came back with a backup, then it is erased and buried, and nothing is answered', async () => {
  const event = await aKnownContact();
  await hear(event);
  expect(await held()).toEqual([]);
  expect(await graves()).toEqual([{ contact_id: event.contactId, expunge_id: event.expungeId, outcome: 'erased' }]);
  expect(await all.query('SELECT * FROM outbox')).toEqual([]);
});

test('When a contact was never known here, then it is buried all the same', async () => {
  const event = aContactExpunged();
  await hear(event);
  expect(await graves()).toEqual([
    { contact_id: event.contactId, expunge_id: event.expungeId, outcome: 'nothing_held' },
  ]);
});

test('When a contact has its tombstone, then nothing changes', async () => {
  const event = await aKnownContact();
  await hear(event);
  const before = await all.query('SELECT * FROM subject');
  await hear({ ...event, expungeId: randomUUID() });
  expect(await all.query('SELECT * FROM subject')).toEqual(before);
});

test('When the event names another tenant than the one of the contact, then it is parked and nothing is deleted', async () => {
  const [known, other] = [await aKnownContact(), await aKnownContact()];
  const result = await hear({ ...known, tenantId: randomUUID() }, other);
  expect(result).toMatchObject({ handled: 1, parked: 1 });
  expect(await held()).toEqual([known.contactId]);
  expect((await graves()).map((grave) => grave.contact_id)).toEqual([other.contactId]);
  expect(await all.query('SELECT key, reason FROM dead_letter')).toEqual([
    { key: known.contactId, reason: 'The contact belongs to another tenant.' },
  ]);
});

test('When a true and a false event about a contact come together, then the true one counts', async () => {
  const event = await aKnownContact();
  expect(await hear(event, { ...event, tenantId: randomUUID() })).toMatchObject({ handled: 1, parked: 1 });
  expect(await held()).toEqual([]);
  expect(await graves()).toMatchObject([{ expunge_id: event.expungeId }]);
});

test('When a batch of one tenant is larger, then it takes no more statements', async () => {
  const { tenantId } = aContactExpunged();
  const small = many(2, () => aContactExpunged({ tenantId }));
  const large = many(200, () => aContactExpunged({ tenantId }));
  const few = await countStatements(db, () => hear(...small));
  expect(await countStatements(db, () => hear(...large))).toBe(few);
});
