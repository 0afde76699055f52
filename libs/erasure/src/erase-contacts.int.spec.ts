import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { type Data, EraseContactData } from '#contracts';
import { inTenant, Outbox } from '#messaging';
import { anEraseCommand, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, everyTenantOf } from '../../../test/support/messaging.js';
import { countStatements } from '../../../test/support/statements.js';
import { ChunkProcessor } from '../../messaging/src/chunk-processor.js';
import { eraseContacts, lockSubjects, type Participant, tableStore } from './index.js';

let db: DataSource;
let all: DataSource;
const outbox = new Outbox({ service: 'workflow-service', kafka: { brokers: [] }, subscriptions: [] });
const held = tableStore('held', { table: 'held' });
const participant: Participant = { name: 'workflow-service', stores: [held] };

beforeAll(async () => {
  db = await aMessagingDatabase();
  all = await everyTenantOf(db);
});
beforeEach(async () => {
  for (const table of ['held', 'outbox', 'dead_letter', 'inbox']) await all.query(`DELETE FROM ${table}`);
});
afterAll(() => Promise.all([db.destroy(), all.destroy()]));

const erase = (who: Participant, ...commands: Data<EraseContactData>[]) =>
  new ChunkProcessor(
    db,
    new Map([
      [
        EraseContactData.type,
        {
          message: EraseContactData,
          handler: { handle: (messages, tx) => eraseContacts(who, outbox, messages as never, tx) },
        },
      ],
    ]),
  ).process(commands.map((command) => aRecord(EraseContactData, command)));

const answers = (): Promise<
  { type: string; key: string; data: { outcome?: string; reason?: string; at: string; stores: unknown[] } }[]
> => all.query('SELECT type, key, data::jsonb AS data FROM outbox ORDER BY seq');
const rows = async (): Promise<number> => (await all.query('SELECT count(*)::int AS n FROM held'))[0].n;
const tombstones = async (): Promise<number> =>
  (await all.query('SELECT count(*)::int AS n FROM subject WHERE erased_at IS NOT NULL'))[0].n;

const hold = ({ tenantId, contactId }: Data<EraseContactData>, ...what: string[]) =>
  all.query('INSERT INTO held SELECT $1, $2, unnest($3::text[])', [tenantId, contactId, what]);

async function aHeldContact(): Promise<Data<EraseContactData>> {
  const command = anEraseCommand();
  await hold(command, 'one', 'two');
  return command;
}

test('When data is held, then it is deleted, counted, and the parked messages about the contact go as well', async () => {
  const command = await aHeldContact();
  await all.query(
    `INSERT INTO dead_letter (topic, type, key, digest, reason, headers, data) VALUES ('t', 'x', $1, '', 'r', '{}', '')`,
    [command.contactId],
  );
  await erase(participant, command);
  expect(await rows()).toBe(0);
  expect(await answers()).toMatchObject([
    {
      type: 'ContactDataErased',
      key: command.contactId,
      data: {
        outcome: 'erased',
        stores: [
          { store: 'dead_letters', erased: 1, remaining: 0 },
          { store: 'held', erased: 2, remaining: 0 },
        ],
      },
    },
  ]);
});

test('When a store still holds data after its deletion, then nothing is claimed and the command is parked', async () => {
  const command = await aHeldContact();
  const before = await tombstones();
  const forgetful = { ...held, erase: () => Promise.resolve(new Map([[command.contactId, 2]])) };
  const result = await erase({ ...participant, stores: [forgetful] }, command);
  expect(result).toMatchObject({ handled: 0, parked: 1 });
  expect(await rows()).toBe(2);
  expect(await answers()).toEqual([]);
  expect(await tombstones()).toBe(before);
  expect(await all.query('SELECT reason FROM dead_letter')).toEqual([
    { reason: 'The store held still holds data after its deletion.' },
  ]);
});

test('When a contact must not be deleted, then it is refused with the reason, and the others in the batch are erased', async () => {
  const [kept, gone] = [await aHeldContact(), await aHeldContact()];
  const refuse: Participant['refuse'] = () => Promise.resolve(new Map([[kept.contactId, 'on-hold']]));
  await erase({ ...participant, refuse }, kept, gone);
  expect(await rows()).toBe(2);
  expect(await answers()).toMatchObject([
    { key: kept.contactId, type: 'ContactErasureRefused', data: { reason: 'on-hold' } },
    { key: gone.contactId, type: 'ContactDataErased' },
  ]);
});

test('When a contact cannot be deleted now, then it is not answered and not deleted', async () => {
  const busy = await aHeldContact();
  const defer: Participant['defer'] = () => Promise.resolve(new Set([busy.contactId]));
  await erase({ ...participant, defer }, busy);
  expect(await answers()).toEqual([]);
  expect(await rows()).toBe(2);
  await erase(participant, busy);
  expect(await answers()).toMatchObject([{ data: { outcome: 'erased' } }]);
});

test('When the same request asks again, in the same batch or later, then the first evidence is repeated to the letter', async () => {
  const command = await aHeldContact();
  await erase(participant, command, command);
  await erase(participant, command);
  const [first, again] = await answers();
  expect(again?.data).toEqual(first?.data);
  expect(await answers()).toHaveLength(2);
});

test('When another request comes for an erased contact, then it says that nothing is held', async () => {
  const command = await aHeldContact();
  await erase(participant, command);
  await erase(participant, { ...command, expungeId: randomUUID() });
  expect((await answers()).map(({ data }) => data.outcome)).toEqual(['erased', 'nothing_held']);
});

test('When another request comes for an erased contact, then the tombstone stays, and the first one still hears its evidence', async () => {
  const command = await aHeldContact();
  const grave = () => all.query('SELECT * FROM subject WHERE contact_id = $1', [command.contactId]);
  await erase(participant, command);
  const before = await grave();
  await erase(participant, { ...command, expungeId: randomUUID() });
  await erase(participant, command);
  expect(await grave()).toEqual(before);
  const [first, , again] = await answers();
  expect(again?.data).toEqual(first?.data);
});

test('When the command names another tenant than the one of the contact, then it is refused and nothing is deleted', async () => {
  const command = await aHeldContact();
  await all.query('INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2)', [command.contactId, command.tenantId]);
  const other = await aHeldContact();
  await erase(participant, { ...command, tenantId: randomUUID() }, other);
  expect(await all.query('SELECT DISTINCT contact_id FROM held')).toEqual([{ contact_id: command.contactId }]);
  expect(await answers()).toMatchObject([
    { key: command.contactId, type: 'ContactErasureRefused', data: { reason: 'wrong-tenant' } },
    { key: other.contactId, type: 'ContactDataErased' },
  ]);
});

test('When another tenant asks for the evidence of an erased contact, then it is refused', async () => {
  const command = await aHeldContact();
  await erase(participant, command);
  await erase(participant, { ...command, tenantId: randomUUID() });
  expect((await answers()).map(({ type }) => type)).toEqual(['ContactDataErased', 'ContactErasureRefused']);
});

test('When a command is for other participants, then nothing is deleted and nothing answered', async () => {
  const command = await aHeldContact();
  await erase(participant, { ...command, participants: ['contact-service'] });
  expect(await rows()).toBe(2);
  expect(await answers()).toEqual([]);
});

test('When a refused contact also cannot be deleted now, then the refusal is told', async () => {
  const command = await aHeldContact();
  const refuse: Participant['refuse'] = () => Promise.resolve(new Map([[command.contactId, 'on-hold']]));
  const defer: Participant['defer'] = () => Promise.resolve(new Set([command.contactId]));
  await erase({ ...participant, refuse, defer }, command);
  expect(await answers()).toMatchObject([{ type: 'ContactErasureRefused' }]);
});

test('When data remains of one contact of a batch, then the others are erased', async () => {
  const [kept, gone] = [await aHeldContact(), await aHeldContact()];
  const forgetful: typeof held = {
    ...held,
    erase: (tx, ids) =>
      held.erase(
        tx,
        ids.filter((id) => id !== kept.contactId),
      ),
  };
  const result = await erase({ ...participant, stores: [forgetful] }, kept, gone);
  expect(result).toMatchObject({ handled: 1, parked: 1 });
  expect(await answers()).toMatchObject([{ key: gone.contactId, data: { outcome: 'erased' } }]);
});

test('When data of the contact is held under another tenant, then nothing is claimed, and the others in the batch are erased', async () => {
  const command = await aHeldContact();
  await hold({ ...command, tenantId: randomUUID() }, 'astray');
  const other = { ...anEraseCommand(), tenantId: command.tenantId };
  expect(await erase(participant, command, other)).toMatchObject({ handled: 1, parked: 1 });
  expect(await rows()).toBe(3);
  expect(await answers()).toMatchObject([{ key: other.contactId, type: 'ContactDataErased' }]);
  expect(await all.query('SELECT reason FROM dead_letter')).toEqual([
    { reason: 'The store held still holds data after its deletion.' },
  ]);
});

test('When a contact nobody knew is held under another tenant than the command says, then nothing is claimed', async () => {
  const command = await aHeldContact();
  expect(await erase(participant, { ...command, tenantId: randomUUID() })).toMatchObject({ parked: 1 });
  expect(await rows()).toBe(2);
  expect(await answers()).toEqual([]);
  expect(await all.query('SELECT * FROM subject WHERE contact_id = $1', [command.contactId])).toEqual([]);
});

test('When the transaction is bound to another tenant than the command says, then it is never told that nothing is held', async () => {
  const command = await aHeldContact();
  const eraseAstray = () =>
    inTenant(db, randomUUID(), (tx) => eraseContacts(participant, outbox, [{ data: command } as never], tx));
  const refused = { driverError: { code: '42501', routine: 'ExecWithCheckOptions' } };
  await expect(eraseAstray()).rejects.toMatchObject(refused);
  await inTenant(db, command.tenantId, (tx) => lockSubjects(tx, [command]));
  await expect(eraseAstray()).rejects.toMatchObject(refused);
  expect(await rows()).toBe(2);
  expect(await answers()).toEqual([]);
});

test('When a batch of one tenant is larger, then it takes no more statements', async () => {
  const { tenantId } = anEraseCommand();
  const small = many(2, () => anEraseCommand({ tenantId }));
  const large = many(200, () => anEraseCommand({ tenantId }));
  const few = await countStatements(db, () => erase(participant, ...small));
  expect(await countStatements(db, () => erase(participant, ...large))).toBe(few);
});
