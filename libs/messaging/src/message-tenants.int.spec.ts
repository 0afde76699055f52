import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, type Message } from '#contracts';
import { inTenant, on, type Received } from '#messaging';
import { aContactAdded } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, bindingsOf, everyTenantOf, Remember } from '../../../test/support/messaging.js';
import { aMessagingNode } from '../../../test/support/messaging-node.js';
import { ChunkProcessor } from './chunk-processor.js';
import { park } from './dead-letters.js';

let db: DataSource;
let all: DataSource;
/** What handling does first, with the ids of its contacts. */
let does: (tx: EntityManager, contactIds: string[]) => unknown = () => undefined;

@Injectable()
class Handler extends Remember {
  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await does(
      tx,
      messages.map(({ data }) => (data as ContactAdded).contactId),
    );
    await super.handle(messages, tx);
  }
}

beforeAll(async () => {
  db = await aMessagingDatabase();
  all = await everyTenantOf(db);
});
beforeEach(async () => {
  does = () => undefined;
  for (const table of ['handled', 'held', 'inbox', 'dead_letter']) await all.query(`DELETE FROM ${table}`);
});
afterAll(() => Promise.all([db.destroy(), all.destroy()]));

const [ours, theirs] = [randomUUID(), randomUUID()];
const added = (tenantId: string, contactId = randomUUID()) =>
  aRecord(ContactAdded, aContactAdded({ tenantId, contactId }));
const process = (...records: ReturnType<typeof added>[]) =>
  new ChunkProcessor(db, bindingsOf([ContactAdded], new Handler())).process(records);
const handled = (): Promise<{ bound_to: string; key: string; batch: number }[]> =>
  all.query('SELECT bound_to, key, batch FROM handled ORDER BY n');
const letters = (): Promise<{ key: string; reason: string }[]> => all.query('SELECT key, reason FROM dead_letter');
const hold = (tenantId: string) => all.query(`INSERT INTO held VALUES ($1, $2, 'one')`, [tenantId, randomUUID()]);

test('When a chunk is of several tenants, then each is handled by one call that is bound to it', async () => {
  const records = [added(ours), added(theirs), added(ours), added(theirs)];
  await process(...records);
  const keys = records.map(({ key }) => key);
  expect(await handled()).toEqual([
    { bound_to: ours, key: keys[0], batch: 2 },
    { bound_to: ours, key: keys[2], batch: 2 },
    { bound_to: theirs, key: keys[1], batch: 2 },
    { bound_to: theirs, key: keys[3], batch: 2 },
  ]);
});

test('When a message is handled, then rows of other tenants are neither seen nor changed', async () => {
  for (const tenant of [ours, theirs]) await hold(tenant);
  let seen: unknown;
  does = async (tx) => {
    seen = await tx.query('SELECT tenant_id FROM held');
    await tx.query('DELETE FROM held');
  };
  await process(added(ours));
  expect(seen).toEqual([{ tenant_id: ours }]);
  expect(await all.query('SELECT tenant_id FROM held')).toEqual([{ tenant_id: theirs }]);
});

test('When messages are handled one by one, then each is bound to its tenant', async () => {
  const [first, poison, last] = [added(ours), added(theirs), added(theirs)];
  does = (_, ids) => {
    if (ids.includes(poison.key)) throw new TypeError('poison');
  };
  expect(await process(first, poison, last)).toMatchObject({ handled: 2, parked: 1 });
  expect(await handled()).toMatchObject([
    { bound_to: ours, key: first.key, batch: 1 },
    { bound_to: theirs, key: last.key, batch: 1 },
  ]);
});

test('When a message makes its handler write for another tenant, then it is parked and the others go on', async () => {
  const [good, astray, after] = [added(ours), added(ours), added(theirs)];
  const tenantOf = new Map([
    [good.key, ours],
    [astray.key, theirs],
    [after.key, theirs],
  ]);
  does = async (tx, ids) => {
    for (const id of ids) await tx.query(`INSERT INTO held VALUES ($1, $2, 'x')`, [tenantOf.get(id), id]);
  };
  expect(await process(good, astray, after)).toMatchObject({ handled: 2, parked: 1 });
  expect(await letters()).toEqual([{ key: astray.key, reason: 'QueryFailedError 42501' }]);
  expect((await handled()).map(({ key }) => key)).toEqual([good.key, after.key]);
});

test('When a right is missing, then nothing is parked and the chunk can be tried again', async () => {
  const record = added(ours);
  does = (tx) => tx.query('CREATE TABLE not_allowed ()');
  await expect(process(record)).rejects.toMatchObject({ driverError: { code: '42501' } });
  expect(await letters()).toEqual([]);
  does = () => undefined;
  expect(await process(record)).toMatchObject({ handled: 1 });
});

test('When a parked message is handled again, then it is bound to its tenant', async () => {
  const node = await aMessagingNode({ db, subscriptions: [on(ContactAdded, Handler)] });
  const records = [added(ours), added(theirs)];
  await inTenant(db, ours, async (tx) => {
    for (const record of records) await park(tx, [{ record, type: ContactAdded.type, reason: 'poison' }]);
  });
  expect(await node.letters.replay('all')).toMatchObject({ failed: [] });
  const boundTo = new Map((await handled()).map((row) => [row.key, row.bound_to]));
  expect(records.map(({ key }) => boundTo.get(key))).toEqual([ours, theirs]);
});
