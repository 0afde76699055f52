import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, ContactDisabled, message, type Message, type Outgoing } from '#contracts';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, bindingsOf } from '../../../test/support/messaging.js';
import { outboxSize } from '../../../test/support/messaging-node.js';
import { countStatements } from '../../../test/support/statements.js';
import { ChunkProcessor } from './chunk-processor.js';
import { MAX_MESSAGE_BYTES, Outbox } from './outbox.js';
import type { Received } from './subscription.js';

let db: DataSource;
const outbox = new Outbox({ service: 'workflow-service', kafka: { brokers: [] }, subscriptions: [] });

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(() => db.query('DELETE FROM outbox'));
afterAll(() => db.destroy());

const some = (count: number): Outgoing[] => many(count, () => message(ContactAdded, aContactAdded()));
const add = (messages: Outgoing[]): Promise<void> => db.transaction((tx) => outbox.add(tx, messages));
const withTrace = (traceparent: string | undefined) => {
  const record = aRecord(ContactAdded, aContactAdded());
  return { ...record, headers: { ...record.headers, traceparent } };
};

/** Says of each contact, in reverse, that it is disabled. */
const follow = {
  handle: (messages: readonly Received<Message>[], tx: EntityManager): Promise<void> => {
    const about = messages.map(({ data }) => data as ContactAdded).reverse();
    return outbox.add(
      tx,
      about.map(({ tenantId, contactId, at }) => message(ContactDisabled, { tenantId, contactId, at })),
    );
  },
};
const tracesByKey = async (): Promise<Map<string, string>> => {
  const rows: { key: string; trace: string }[] = await db.query(
    `SELECT key, headers->>'traceparent' AS trace FROM outbox`,
  );
  return new Map(rows.map(({ key, trace }) => [key, trace]));
};

test('When a batch is handled, then what follows from each message carries on the trace of that message', async () => {
  const traces = many(3, () => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`);
  const records = traces.map(withTrace);
  await new ChunkProcessor(db, bindingsOf([ContactAdded], follow)).process(records);
  expect(await tracesByKey()).toEqual(new Map(records.map(({ key }, n) => [key, traces[n]])));
});

test('When a message has no valid trace, then what follows begins one', async () => {
  const records = [undefined, 'jane@example.com', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`].map(withTrace);
  await new ChunkProcessor(db, bindingsOf([ContactAdded], follow)).process(records);
  const traces = [...(await tracesByKey()).values()];
  expect(new Set(traces).size).toBe(3);
  for (const trace of traces) expect(trace).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test('When a message is as large as allowed, then it is stored; a byte more is refused with all that came with it', async () => {
  const sized = (bytes: number): Outgoing => {
    const contact = { ...aContactAdded(), country: '' };
    const padding = 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(contact)));
    return message(ContactAdded, { ...contact, country: padding });
  };
  await add([sized(MAX_MESSAGE_BYTES)]);
  await expect(add([...some(1), sized(MAX_MESSAGE_BYTES + 1)])).rejects.toThrow(/has 900001 bytes/);
  expect(await outboxSize(db)).toBe(1);
});

test('When several messages are added, then they are stored in their order, with one statement', async () => {
  const messages = some(100);
  expect(await countStatements(db, () => add(messages))).toBe(1);
  const rows: { key: string }[] = await db.query('SELECT key FROM outbox ORDER BY seq');
  expect(rows.map(({ key }) => key)).toEqual(messages.map(({ data }) => (data as ContactAdded).contactId));
});

test('When data holds signs that have a meaning in JSON, arrays or SQL, then it is stored as JSON writes it', async () => {
  const countries = [`{"a,b'`, '\\"}', '\u0000', '\ud800', 'é😀', '], [', ''];
  const messages = countries.map((country) => message(ContactAdded, { ...aContactAdded(), country }));
  await add(messages);
  const rows: { data: string }[] = await db.query('SELECT data FROM outbox ORDER BY seq');
  expect(rows.map(({ data }) => data)).toEqual(messages.map(({ data }) => JSON.stringify(data)));
});

test('When a transaction is rolled back, then nothing of it waits to be published', async () => {
  const undone = db.transaction(async (tx) => {
    await outbox.add(tx, some(2));
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await outboxSize(db)).toBe(0);
});
