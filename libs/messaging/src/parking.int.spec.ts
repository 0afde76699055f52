import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, type Message } from '#contracts';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, bindingsOf, Remember } from '../../../test/support/messaging.js';
import { handledKeys, untilOneWaits } from '../../../test/support/messaging-node.js';
import { countStatements } from '../../../test/support/statements.js';
import { ChunkProcessor } from './chunk-processor.js';
import type { KafkaRecord } from './parse-record.js';
import type { Received } from './subscription.js';

let db: DataSource;

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(async () => {
  for (const table of ['handled', 'inbox', 'dead_letter', 'read_position']) await db.query(`DELETE FROM ${table}`);
});
afterAll(() => db.destroy());

/** Does something more for these contacts, after they were remembered. */
const handlerThat = (does: ReadonlyMap<string, (tx: EntityManager) => unknown>) => {
  const remember = new Remember();
  return {
    handle: async (messages: readonly Received<Message>[], tx: EntityManager): Promise<void> => {
      await remember.handle(messages, tx);
      for (const { data } of messages) await does.get((data as ContactAdded).contactId)?.(tx);
    },
  };
};
const fails = (): never => {
  throw new TypeError('poison');
};
const deadlock = (tx: EntityManager) =>
  tx.query(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`);
const records = (count: number) => many(count, () => aRecord(ContactAdded, aContactAdded()));
const process = (chunk: readonly KafkaRecord[], does = new Map<string, (tx: EntityManager) => unknown>()) =>
  new ChunkProcessor(db, bindingsOf([ContactAdded], handlerThat(does))).process(chunk);
const letters = (): Promise<{ key: string; attempts: number }[]> =>
  db.query('SELECT key, attempts FROM dead_letter ORDER BY key');

const strange: [string, (record: KafkaRecord) => Partial<KafkaRecord>][] = [
  ['a NUL in its key', () => ({ key: 'a\0b' })],
  ['a NUL in a header', ({ headers }) => ({ headers: { ...headers, ce_id: 'a\0b', 'x\0': 'y' } })],
  ['a key longer than an index takes', () => ({ key: randomBytes(20_000).toString('base64') })],
  ['bytes that are no text', () => ({ value: randomBytes(1_000) })],
];

test.each(strange)('When a record has %s, then it is parked and the next one is handled', async (_, given) => {
  const [bad, good] = records(2) as [KafkaRecord, KafkaRecord];
  expect(await process([{ ...bad, ...given(bad) }, good])).toMatchObject({ handled: 1, parked: 1 });
  expect(await letters()).toHaveLength(1);
  expect(await handledKeys(db)).toEqual([good.key]);
});

test('When the surroundings fail after malformed data was parked, then the parking is undone as well', async () => {
  const [bad, good] = records(2) as [KafkaRecord, KafkaRecord];
  const chunk = [{ ...bad, value: Buffer.from('{') }, good];
  await expect(process(chunk, new Map([[good.key, deadlock]]))).rejects.toThrow();
  expect(await letters()).toEqual([]);
  expect(await process(chunk)).toMatchObject({ handled: 1, parked: 1 });
  expect(await letters()).toMatchObject([{ attempts: 1 }]);
});

test('When the surroundings fail after a poison message was parked, then the parking is undone as well', async () => {
  const [good, poison] = records(2) as [KafkaRecord, KafkaRecord];
  await process(records(1));
  const impatient = new Map([
    [good.key, (tx: EntityManager): unknown => tx.query(`SET LOCAL lock_timeout = '50ms'`)],
    [poison.key, fails],
  ]);
  await db.transaction(async (other) => {
    // The last statement of a chunk waits for this row.
    await other.query('SELECT 1 FROM read_position FOR UPDATE');
    await expect(process([good, poison], impatient)).rejects.toMatchObject({ driverError: { code: '55P03' } });
  });
  expect(await letters()).toEqual([]);
  expect(await process([good, poison], impatient)).toMatchObject({ handled: 1, parked: 1 });
});

test('When the surroundings fail while messages are handled one by one, then nothing is parked', async () => {
  const [poison, unlucky] = records(2) as [KafkaRecord, KafkaRecord];
  const does = new Map<string, (tx: EntityManager) => unknown>([
    [poison.key, fails],
    [unlucky.key, deadlock],
  ]);
  await expect(process([poison, unlucky], does)).rejects.toMatchObject({ driverError: { code: '40P01' } });
  expect(await letters()).toEqual([]);
  expect(await handledKeys(db)).toEqual([]);
});

test('When every message of a small chunk fails, then they are parked', async () => {
  const chunk = records(9);
  expect(await process(chunk, new Map(chunk.map(({ key }) => [key, fails])))).toMatchObject({ parked: 9 });
});

test('When all but one message of a chunk fail, then they are parked and the one is handled', async () => {
  const chunk = records(12);
  const bad = chunk.slice(1).map(({ key }): [string, () => unknown] => [key, fails]);
  expect(await process(chunk, new Map(bad))).toMatchObject({ handled: 1, parked: 11 });
  expect(await handledKeys(db)).toEqual([chunk[0]!.key]);
});

test('When a poison message is delivered again, then it is not parked again', async () => {
  const [poison] = records(1) as [KafkaRecord];
  await process([poison], new Map([[poison.key, fails]]));
  expect(await process([poison], new Map([[poison.key, fails]]))).toMatchObject({ duplicates: 1, parked: 0 });
  expect(await letters()).toMatchObject([{ attempts: 1 }]);
});

test('When a chunk is done, then the database knows from where to read on; when it is undone, then it does not', async () => {
  const positions = () => db.query('SELECT partition, next_offset FROM read_position ORDER BY partition');
  const at = (offset: string, partition = 0) => aRecord(ContactAdded, aContactAdded(), { offset, partition });
  await process([at('40'), at('41')]);
  await process([{ ...at('7', 1), value: null }]);
  const failing = at('90');
  await process([failing], new Map([[failing.key, deadlock]])).catch(() => undefined);
  expect(await positions()).toEqual([
    { partition: 0, next_offset: '42' },
    { partition: 1, next_offset: '8' },
  ]);
});

test('When a chunk of one tenant is larger, then it takes no more statements of ours', async () => {
  const silent = new ChunkProcessor(db, bindingsOf([ContactAdded], { handle: () => Promise.resolve() }));
  const tenantId = randomUUID();
  const [small, large] = [2, 200].map((count) =>
    many(count, () => aRecord(ContactAdded, aContactAdded({ tenantId }))),
  ) as [KafkaRecord[], KafkaRecord[]];
  const few = await countStatements(db, () => silent.process(small));
  expect(await countStatements(db, () => silent.process(large))).toBe(few);
});

test('When a chunk has more malformed messages, then it takes no more statements, and each is parked with its reason', async () => {
  const malformed = (count: number) => records(count).map((record, n) => ({ ...record, value: Buffer.from(`{${n}`) }));
  const few = await countStatements(db, () => process(malformed(1)));
  expect(await countStatements(db, () => process(malformed(200)))).toBe(few);
  const rows = await db.query('SELECT reason, count(*)::int AS count FROM dead_letter GROUP BY reason');
  expect(rows).toEqual([{ reason: 'not-json', count: 201 }]);
});

test('When a chunk has the same malformed content twice, then one dead letter counts both', async () => {
  const [record] = records(1) as [KafkaRecord];
  const malformed = { ...record, value: Buffer.from('{') };
  expect(await process([malformed, { ...malformed, offset: '7' }])).toMatchObject({ parked: 2 });
  await process([{ ...malformed, offset: '8' }]);
  expect(await letters()).toEqual([{ key: record.key, attempts: 3 }]);
});

test('When two consumers hold overlapping records in different order, then neither fails', async () => {
  const chunk = records(2);
  const [first, second] = [...chunk].sort((a, b) => String(a.headers?.ce_id).localeCompare(String(b.headers?.ce_id)));
  const other = db.createQueryRunner();
  await other.startTransaction();
  const remember = (record: KafkaRecord) => other.query('INSERT INTO inbox (id) VALUES ($1)', [record.headers?.ce_id]);
  await remember(first!);
  const waiting = process([second!, first!]);
  await untilOneWaits(db);
  await remember(second!);
  await other.commitTransaction();
  await other.release();
  expect(await waiting).toMatchObject({ handled: 0, duplicates: 2 });
});
