import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { ContactAdded, ContactDisabled, ContactExpunged, type Data, message, type Outgoing } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, aContactExpunged, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, Remember } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  type MessagingNode,
  newGroup,
  outboxSize,
  untilProblem,
  untilPublished,
  untilWell,
} from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { createTopics } from './create-topics.js';
import { kafkaClient } from './kafka-client.js';
import { on } from './subscription.js';
import { runWithTrace } from './trace.js';

let kafka: TestKafka;
let db: DataSource;
const running: MessagingNode[] = [];

beforeAll(async () => {
  kafka = await startTestKafka({ topics: false });
});
beforeEach(async () => {
  db = await aMessagingDatabase();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  await db.destroy();
});
afterAll(() => kafka.remove());

@Injectable()
class RememberAdded extends Remember {}
@Injectable()
class RememberExpunged extends Remember {}

async function aNode(group: string, subscriptions = [on(ContactAdded, RememberAdded)]): Promise<MessagingNode> {
  const node = await aMessagingNode({ db, group, brokers: kafka.brokers, subscriptions });
  running.push(node);
  return node;
}

const send = (node: MessagingNode, messages: Outgoing[]): Promise<void> => node.send(messages);
const added = (contacts: Data<ContactAdded>[]): Outgoing[] => contacts.map((contact) => message(ContactAdded, contact));

const handled = async (keys: readonly string[]): Promise<string[]> => {
  const rows: { key: string }[] = await db.query('SELECT key FROM handled WHERE key = ANY($1) ORDER BY n', [keys]);
  return rows.map((row) => row.key);
};

const untilHandled = (contacts: { contactId: string }[], timeoutMs = 20_000): Promise<unknown> => {
  const keys = contacts.map((contact) => contact.contactId);
  return waitUntil(async () => (await handled(keys)).length >= keys.length || undefined, {
    what: 'all are handled',
    timeoutMs,
  });
};

test('When the topics do not exist yet, then the consumer says so, waits, and starts by itself', async () => {
  const node = await aNode(newGroup());
  node.server.start();
  await untilProblem(() => node.server.problems(), /waiting for the topics contact\.events/);
  expect(node.server.alive()).toBe(true);
  await createTopics({ brokers: kafka.brokers, partitions: 2 });
  await untilWell(() => node.server.problems());
});

describe('from outbox to handler', () => {
  test('When messages were sent before a group first reads, then it reads them from the beginning', async () => {
    const node = await aNode(newGroup());
    const contacts = many(40, () => aContactAdded());
    const twice = contacts.flatMap((contact) => [contact, { ...contact, importId: contact.contactId }]);
    node.relay.start();
    await send(node, added(twice));
    await untilPublished(db);
    node.server.start();
    await untilHandled([...contacts, ...contacts]);
  });

  test('When a transaction is rolled back, then its messages never leave', async () => {
    const node = await aNode(newGroup());
    const lost = aContactAdded();
    const kept = aContactAdded();
    node.relay.start();
    node.server.start();
    await db
      .transaction(async (tx) => {
        await node.outbox.add(tx, added([lost]));
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await send(node, added([kept]));
    await untilHandled([kept]);
    expect(await handled([lost.contactId])).toEqual([]);
  });

  test('When a message is too large, then adding it is refused and nothing is stored', async () => {
    const node = await aNode(newGroup());
    const huge = { ...aContactAdded(), country: 'x'.repeat(1_000_000) };
    await expect(send(node, added([aContactAdded(), huge]))).rejects.toThrow(/has \d+ bytes; 900000 are allowed/);
    expect(await outboxSize(db)).toBe(0);
  });

  test('When many large messages wait for one partition, then sends stay below the limit of the broker', async () => {
    const node = await aNode(newGroup(), [on(ContactDisabled, RememberAdded)]);
    const { tenantId, contactId, at } = aContactAdded();
    const large = many(12, () =>
      message(ContactDisabled, { tenantId, contactId, at, padding: 'x'.repeat(300_000) } as Data<ContactDisabled>),
    );
    await send(node, large);
    node.relay.start();
    node.server.start();
    await waitUntil(async () => (await handled([contactId])).length === 12 || undefined, {
      what: 'all arrive',
      timeoutMs: 20_000,
    });
  });

  test('When a message comes again from the topic, then the inbox knows it', async () => {
    const node = await aNode(newGroup());
    const contact = aContactAdded();
    const record = aRecord(ContactAdded, contact);
    const marker = aContactAdded();
    const producer = kafkaClient('test', kafka).producer();
    await producer.connect();
    const value = { key: record.key, value: record.value, headers: record.headers };
    await producer.send({ topic: ContactAdded.topic, messages: [value, value, value] });
    await producer.disconnect();
    node.relay.start();
    node.server.start();
    await send(node, added([marker]));
    await untilHandled([contact, marker]);
    expect(await handled([contact.contactId])).toHaveLength(1);
  });

  test('When a trace is given, then it travels with the message', async () => {
    const node = await aNode(newGroup());
    const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
    await runWithTrace(traceparent, undefined, () => send(node, added([aContactAdded()])));
    const [row] = await db.query('SELECT headers FROM outbox');
    expect(row.headers).toMatchObject({
      traceparent,
      ce_specversion: '1.0',
      ce_type: 'ContactAdded.v1',
      'content-type': 'application/json',
    });
  });
});

describe('relays', () => {
  test('When two relays have one database, then one works, and the other takes over when it ends', async () => {
    const group = newGroup();
    const [first, second] = [await aNode(group), await aNode(group)];
    first.relay.start();
    await waitUntil(async () => (await relayLocks()) === 1 || undefined, {
      what: 'the first has the lock',
      timeoutMs: 30_000,
    });
    second.relay.start();
    first.server.start();
    const before = many(10, () => aContactAdded());
    await send(first, added(before));
    await untilHandled(before);
    expect(await relayLocks()).toBe(1);
    await first.relay.stop();
    const after = many(10, () => aContactAdded());
    await send(second, added(after));
    await untilHandled(after);
  });

  test('When the relay stops, then what is committed has left, however close to the stop', async () => {
    const node = await aNode(newGroup());
    for (const count of [2_500, ...many(60, () => 1)]) {
      node.relay.start();
      await waitUntil(async () => (await relayLocks()) === 1 || undefined, {
        what: 'the relay has the lock',
        timeoutMs: 30_000,
      });
      await send(node, added(many(count, () => aContactAdded())));
      await node.relay.stop();
      expect(await outboxSize(db)).toBe(0);
    }
  });
});

describe('a broker that goes away', () => {
  test('When it is killed and comes back, then nothing is lost, and both sides say what is wrong meanwhile', async () => {
    const node = await aNode(newGroup());
    node.relay.start();
    node.server.start();
    await untilWell(() => [...node.server.problems(), ...node.relay.problems()]);
    await kafka.kill('SIGKILL');
    const contacts = many(20, () => aContactAdded());
    await send(node, added(contacts));
    await untilProblem(() => node.relay.problems(), /broker or database is away/);
    await untilProblem(() => node.server.problems(), /broker is away/);
    expect(node.server.alive()).toBe(true);
    await kafka.restart();
    await untilHandled(contacts, 30_000);
    await untilWell(() => [...node.server.problems(), ...node.relay.problems()]);
  }, 90_000);
});

test('When a database is new, then it reads what was expunged before it takes anything else', async () => {
  const publisher = await aNode(newGroup());
  publisher.relay.start();
  const contact = aContactAdded();
  const { tenantId, contactId } = contact;
  await send(publisher, added([contact]));
  await send(publisher, [message(ContactExpunged, aContactExpunged({ tenantId, contactId }))]);
  await untilPublished(db);
  const fresh = await aNode(newGroup(), [on(ContactAdded, RememberAdded), on(ContactExpunged, RememberExpunged)]);
  fresh.server.start();
  await untilHandled([contact, contact]);
  const types = await db.query('SELECT type FROM handled WHERE key = $1 ORDER BY n', [contactId]);
  expect(types).toEqual([{ type: 'ContactExpunged' }, { type: 'ContactAdded' }]);
});

test('When a client is idle, then it does not spin a timer', async () => {
  const node = await aNode(newGroup());
  node.relay.start();
  node.server.start();
  await untilWell(() => [...node.server.problems(), ...node.relay.problems()]);
  const schedule = globalThis.setTimeout;
  let timers = 0;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    timers += 1;
    return schedule(...args);
  }) as typeof setTimeout;
  await new Promise((resolve) => schedule(resolve, 1_000));
  globalThis.setTimeout = schedule;
  // A few polls of the relay and fetches of the consumer; the unpatched client makes about a thousand.
  expect(timers).toBeLessThan(100);
});

const relayLocks = async (): Promise<number> =>
  (
    await db.query(
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
  )[0].n;
