import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, ContactDisabled, ContactEnabled, type Message } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, bindingsOf, Remember } from '../../../test/support/messaging.js';
import { ChunkProcessor, EveryMessageFailed } from './chunk-processor.js';
import type { KafkaRecord } from './parse-record.js';
import { SafeMessageError } from './safe-error.js';
import type { Received } from './subscription.js';

let db: DataSource;

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(async () => {
  for (const table of ['handled', 'inbox', 'dead_letter']) await db.query(`DELETE FROM ${table}`);
});
afterAll(() => db.destroy());

class Poisoned extends SafeMessageError {}

/** Fails for these contacts, remembers the others. */
class FailFor extends Remember {
  constructor(
    readonly poison: Set<string>,
    private readonly fail: (tx: EntityManager) => Promise<void> | void = () => {
      throw new Poisoned('This contact is poison.');
    },
  ) {
    super();
  }

  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await super.handle(messages, tx);
    for (const { data } of messages) if (this.poison.has(Object(data).contactId)) await this.fail(tx);
  }
}

const handledKeys = async (): Promise<string[]> =>
  (await db.query('SELECT key FROM handled ORDER BY n')).map((row: { key: string }) => row.key);
const deadLetters = (): Promise<{ key: string; reason: string; attempts: number }[]> =>
  db.query('SELECT key, reason, attempts FROM dead_letter ORDER BY parked_at, key');
const contacts = (count: number) => many(count, () => aContactAdded());
const processor = (handler = new Remember()) =>
  new ChunkProcessor(db, bindingsOf([ContactAdded, ContactDisabled, ContactEnabled], handler));

test('When the same message is delivered again, then it is handled once', async () => {
  const record = aRecord(ContactAdded, aContactAdded());
  expect(await processor().process([record, record])).toMatchObject({ handled: 1, duplicates: 1 });
  expect(await processor().process([record])).toMatchObject({ handled: 0, duplicates: 1 });
  expect(await handledKeys()).toEqual([record.key]);
});

test('When two consumers hold the same records, then one of them handles them', async () => {
  const records = contacts(50).map((contact) => aRecord(ContactAdded, contact));
  const results = await Promise.all([processor().process(records), processor().process([...records].reverse())]);
  expect(results.map((result) => result.handled).sort((a, b) => a - b)).toEqual([0, 50]);
  expect((await handledKeys()).length).toBe(50);
});

test('When one message in the middle of a batch is poison, then it alone is parked, with its reason', async () => {
  const batch = contacts(5);
  const poison = batch[2]!.contactId;
  const result = await processor(new FailFor(new Set([poison]))).process(
    batch.map((contact) => aRecord(ContactAdded, contact)),
  );
  expect(result).toMatchObject({ handled: 4, parked: 1 });
  expect(await handledKeys()).toEqual(batch.map((contact) => contact.contactId).filter((id) => id !== poison));
  expect(await deadLetters()).toEqual([{ key: poison, reason: 'This contact is poison.', attempts: 1 }]);
});

test('When a handler fails with a programming error or a bad statement, then the message is parked and its text is not kept', async () => {
  const [first, second, third] = contacts(3);
  const broken = new FailFor(new Set([first!.contactId]), () => {
    throw new TypeError('cannot read jane@example.com');
  });
  await processor(broken).process([aRecord(ContactAdded, first!), aRecord(ContactAdded, second!)]);
  const badStatement = new FailFor(new Set([third!.contactId]), (tx) => tx.query(`SELECT 'jane@example.com'::uuid`));
  await processor(badStatement).process([aRecord(ContactAdded, third!)]);
  const reasons = (await deadLetters()).map(({ reason }) => reason);
  expect(reasons).toEqual(['TypeError', 'QueryFailedError 22P02']);
  expect(await handledKeys()).toEqual([second!.contactId]);
});

test('When the same content is parked again, then one dead letter counts up', async () => {
  const contact = aContactAdded();
  const handler = new FailFor(new Set([contact.contactId]));
  await processor(handler).process([aRecord(ContactAdded, contact)]);
  await processor(handler).process([aRecord(ContactAdded, contact)]);
  expect(await deadLetters()).toMatchObject([{ attempts: 2 }]);
});

test('When every message of a larger chunk fails, then nothing is parked and nothing is lost', async () => {
  const batch = contacts(12);
  const records = batch.map((contact) => aRecord(ContactAdded, contact));
  const broken = processor(new FailFor(new Set(batch.map((contact) => contact.contactId))));
  await expect(broken.process(records)).rejects.toThrow(EveryMessageFailed);
  expect(await deadLetters()).toEqual([]);
  expect(await processor().process(records)).toMatchObject({ handled: 12 });
});

test('When the surroundings fail, then nothing is parked and the chunk can be tried again', async () => {
  const contact = aContactAdded();
  const record = aRecord(ContactAdded, contact);
  const deadlocked = new FailFor(new Set([contact.contactId]), (tx) =>
    tx.query(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`),
  );
  await expect(processor(deadlocked).process([record])).rejects.toMatchObject({ driverError: { code: '40P01' } });
  expect(await deadLetters()).toEqual([]);
  expect(await processor().process([record])).toMatchObject({ handled: 1 });
});

test('When the connection is lost in the middle of a chunk, then all of it is undone and can be tried again', async () => {
  const [first, second] = contacts(2);
  const records = [aRecord(ContactAdded, first!), aRecord(ContactAdded, second!)];
  const cut = new FailFor(new Set([second!.contactId]), (tx) =>
    tx.query('SELECT pg_terminate_backend(pg_backend_pid())'),
  );
  await expect(processor(cut).process(records)).rejects.toThrow();
  expect(await handledKeys()).toEqual([]);
  expect(await deadLetters()).toEqual([]);
  expect(await processor().process(records)).toMatchObject({ handled: 2 });
});

const malformed: [string, string, Partial<KafkaRecord>][] = [
  ['is not JSON', 'not-json', { value: Buffer.from('{"tenantId":') }],
  ['is not an object', 'not-json', { value: Buffer.from('[]') }],
  ['has invalid data', 'invalid-data', { value: Buffer.from('{"tenantId":"x"}') }],
  ['has no headers', 'not-an-event', { headers: {} }],
  ['has another key than its data', 'wrong-key', { key: randomUUID() }],
];

test.each(malformed)(
  'When a record %s, then it is parked as %s and the next one is handled',
  async (_, reason, given) => {
    const good = aContactAdded();
    const result = await processor().process([
      aRecord(ContactAdded, aContactAdded(), given),
      aRecord(ContactAdded, good),
    ]);
    expect(result).toMatchObject({ handled: 1, parked: 1 });
    expect(await deadLetters()).toMatchObject([{ reason }]);
    expect(await handledKeys()).toEqual([good.contactId]);
  },
);

test('When a record has a type nobody handles, or no value, then it is ignored; an unknown version is parked', async () => {
  const withType = (type: string) => {
    const record = aRecord(ContactAdded, aContactAdded());
    return { ...record, headers: { ...record.headers, ce_type: type } };
  };
  const empty = aRecord(ContactAdded, aContactAdded(), { value: null });
  expect(await processor().process([withType('SomethingElse.v1'), empty])).toMatchObject({ ignored: 2, parked: 0 });
  expect(await processor().process([withType('ContactAdded.v9')])).toMatchObject({ parked: 1 });
  expect(await deadLetters()).toMatchObject([{ reason: 'unknown-version' }]);
});

test('When a newer sender says more, then what is unknown is dropped', async () => {
  const contact = { ...aContactAdded(), addedLater: true };
  expect(await processor().process([aRecord(ContactAdded, contact)])).toMatchObject({ handled: 1 });
});

test('When a contact has messages of several types, then they are handled in their order', async () => {
  const { tenantId, contactId, at } = aContactAdded();
  const about = { tenantId, contactId, at };
  const other = aContactAdded();
  await processor().process([
    aRecord(ContactAdded, { ...about, source: 'manual' }),
    aRecord(ContactAdded, other),
    aRecord(ContactDisabled, about),
    aRecord(ContactEnabled, about),
    aRecord(ContactDisabled, about),
  ]);
  const types = await db.query('SELECT type FROM handled WHERE key = $1 ORDER BY n', [contactId]);
  expect(types.map((row: { type: string }) => row.type)).toEqual([
    'ContactAdded',
    'ContactDisabled',
    'ContactEnabled',
    'ContactDisabled',
  ]);
});

test('When a second consumer gets records whose first handling is under way, then it waits for it', async () => {
  const record = aRecord(ContactAdded, aContactAdded());
  let finish = (): void => undefined;
  const begun = new Promise<void>((started) => {
    const held = new FailFor(new Set([record.key]), () => {
      started();
      return new Promise((resolve) => (finish = resolve));
    });
    void processor(held).process([record]);
  });
  await begun;
  const second = processor().process([record]);
  await waitUntil(
    async () => {
      const [row] = await db.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return row.n > 0 || undefined;
    },
    { what: 'the second consumer waits', timeoutMs: 20_000 },
  );
  finish();
  expect(await second).toMatchObject({ handled: 0, duplicates: 1 });
});
