import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { type Data, EraseContactData } from '#contracts';
import { Outbox } from '#messaging';
import { anEraseCommand } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord } from '../../../test/support/messaging.js';
import { ChunkProcessor } from '../../messaging/src/chunk-processor.js';
import { eraseContacts, type Participant, tableStore } from './index.js';

let db: DataSource;
const outbox = new Outbox({ service: 'workflow-service', brokers: [], subscriptions: [] });
const held = tableStore('held', { table: 'held' });
const participant: Participant = { name: 'workflow-service', stores: [held] };

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(async () => {
  for (const table of ['held', 'outbox', 'dead_letter', 'inbox']) await db.query(`DELETE FROM ${table}`);
});
afterAll(() => db.destroy());

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
> => db.query('SELECT type, key, data::jsonb AS data FROM outbox ORDER BY seq');
const rows = async (): Promise<number> => (await db.query('SELECT count(*)::int AS n FROM held'))[0].n;
const tombstones = async (): Promise<number> =>
  (await db.query('SELECT count(*)::int AS n FROM subject WHERE erased_at IS NOT NULL'))[0].n;

async function aHeldContact(): Promise<Data<EraseContactData>> {
  const command = anEraseCommand();
  await db.query('INSERT INTO held VALUES ($1, $2), ($1, $3)', [command.contactId, 'one', 'two']);
  return command;
}

test('When data is held, then it is deleted, counted, and the parked messages about the contact go as well', async () => {
  const command = await aHeldContact();
  await db.query(
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
  expect(await db.query('SELECT reason FROM dead_letter')).toEqual([
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
