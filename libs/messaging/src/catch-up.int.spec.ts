import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, ContactExpunged, type Message } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, aContactExpunged } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, Remember } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  handledKeys,
  type MessagingNode,
  newGroup,
  untilProblem,
  untilWell,
} from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaRecord } from './parse-record.js';
import { on, type Received } from './subscription.js';

let kafka: TestKafka;
let db: DataSource;
const running: MessagingNode[] = [];

/** What handling does besides remembering, before. */
let does: (tx: EntityManager) => unknown = () => undefined;

@Injectable()
class Handler extends Remember {
  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await does(tx);
    await super.handle(messages, tx);
  }
}

beforeAll(async () => {
  kafka = await startTestKafka();
});
beforeEach(async () => {
  does = () => undefined;
  db = await aMessagingDatabase();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  await db.destroy();
});
afterAll(() => kafka.remove());

async function aNode(group: string): Promise<MessagingNode> {
  const subscriptions = [on(ContactExpunged, Handler), on(ContactAdded, Handler)];
  const node = await aMessagingNode({ db, group, brokers: kafka.brokers, subscriptions });
  running.push(node);
  return node;
}

/** Writes that contacts were expunged, in turn to both partitions, as another process does. */
async function publish(messages: readonly KafkaRecord[], transactionalId?: string): Promise<void> {
  const exactly = transactionalId ? { transactionalId, idempotent: true, maxInFlightRequests: 1 } : {};
  const producer = kafkaClient('test', kafka).producer(exactly);
  await producer.connect();
  const sender = transactionalId ? await producer.transaction() : producer;
  for (const [n, { topic, key, headers, value }] of messages.entries()) {
    await sender.send({ topic, messages: [{ key, headers, value, partition: n % 2 }] });
  }
  if ('commit' in sender) await sender.commit();
  await producer.disconnect();
}
const expunged = (contactId: string) => aRecord(ContactExpunged, aContactExpunged({ contactId }));

/** Which of these contacts were handled, in that order; the topic also holds those of other tests. */
const seen = async (...ids: string[]): Promise<string[]> => (await handledKeys(db)).filter((key) => ids.includes(key));
const untilSeen = (...ids: string[]): Promise<unknown> =>
  waitUntil(async () => (await seen(...ids)).length >= ids.length || undefined, {
    what: 'all seen',
    timeoutMs: 20_000,
  });

/** The consumer group, too, has read the record to its end, and remembers that. */
async function untilCommitted(group: string): Promise<void> {
  const admin = kafkaClient('test', kafka).admin();
  await admin.connect();
  const committed = async () => {
    const ends = await admin.fetchTopicOffsets(ContactExpunged.topic);
    const [read] = await admin.fetchOffsets({ groupId: group, topics: [ContactExpunged.topic] });
    const at = new Map(read?.partitions.map(({ partition, offset }) => [partition, offset]));
    return ends.every(({ partition, high }) => high === '0' || at.get(partition) === high) || undefined;
  };
  try {
    await waitUntil(committed, { what: 'the group is at the end', timeoutMs: 20_000 });
  } finally {
    await admin.disconnect();
  }
}

/** The service runs until it has handled these, and its group knows. */
async function runsUntil(group: string, ...ids: string[]): Promise<void> {
  const node = await aNode(group);
  node.server.start();
  await untilSeen(...ids);
  await untilCommitted(group);
  await node.server.stop();
}

const positions = (): Promise<{ topic: string; partition: number; next_offset: string }[]> =>
  db.query('SELECT * FROM read_position');

/** What a backup brings back: the memory and the position of an earlier time. */
async function restore(backup: Awaited<ReturnType<typeof positions>>): Promise<void> {
  for (const table of ['handled', 'inbox', 'read_position']) await db.query(`DELETE FROM ${table}`);
  for (const { topic, partition, next_offset: next } of backup) {
    await db.query('INSERT INTO read_position VALUES ($1, $2, $3)', [topic, partition, next]);
  }
}

test('When a database is restored, then it hears of what was expunged since, although its group has read it', async () => {
  const [group, before, one, other] = [newGroup(), randomUUID(), randomUUID(), randomUUID()];
  await publish([expunged(before)]);
  await runsUntil(group, before);
  const backup = await positions();
  await publish([expunged(one), expunged(other)]);
  await runsUntil(group, one, other);
  await restore(backup);
  await runsUntil(group, one, other);
  expect((await seen(before, one, other)).sort()).toEqual([one, other].sort());
});

test('When a database is new, or its position lies beyond the end, then it reads everything, although its group has', async () => {
  const [group, id] = [newGroup(), randomUUID()];
  await publish([expunged(id)]);
  await runsUntil(group, id);
  await restore([]);
  await runsUntil(group, id);
  await restore((await positions()).map((row) => ({ ...row, next_offset: '1000000' })));
  await runsUntil(group, id);
  expect(await seen(id)).toEqual([id]);
});

test('When catching up fails for a while, then nothing is skipped, and nothing else is handled before', async () => {
  const [id, added] = [randomUUID(), aRecord(ContactAdded, aContactAdded())];
  let failures = 0;
  does = (tx) => failures++ < 2 && tx.query(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`);
  const node = await aNode(newGroup());
  await publish([added, expunged(id)]);
  node.server.start();
  await untilProblem(() => node.server.problems(), /cannot read what was expunged \(40P01\)/);
  await node.server.caughtUp();
  expect(await seen(id)).toEqual([id]);
  await untilSeen(added.key, id);
  expect(await seen(added.key, id)).toEqual([id, added.key]);
});

// Last in this file: a group never commits the marker that this leaves at the end.
test('When the record ends with something that is no message, then catching up ends all the same', async () => {
  const [group, one, other] = [newGroup(), randomUUID(), randomUUID()];
  await publish([expunged(one), expunged(other)], 'another-system');
  for (const ids of [[one, other], []]) {
    const node = await aNode(group);
    node.server.start();
    await untilSeen(...ids);
    await untilWell(() => node.server.problems());
    await node.server.stop();
  }
});
