import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, type Message } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, Remember } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  handledKeys,
  type MessagingNode,
  newGroup,
  untilHandled,
  untilProblem,
  untilWell,
} from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaBatchServer } from './kafka-batch-server.js';
import { on, type Received } from './subscription.js';

let kafka: TestKafka;
let db: DataSource;
const running: MessagingNode[] = [];

/** What handling does besides remembering, afterwards. */
let does: (contactId: string, tx: EntityManager) => unknown = () => undefined;

@Injectable()
class Handler extends Remember {
  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await super.handle(messages, tx);
    for (const { data } of messages) await does((data as ContactAdded).contactId, tx);
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
  await emptyTopic();
});
afterAll(() => kafka.remove());

async function aNode(group: string): Promise<MessagingNode> {
  const node = await aMessagingNode({ db, group, brokers: kafka.brokers, subscriptions: [on(ContactAdded, Handler)] });
  running.push(node);
  return node;
}

async function withAdmin<T>(work: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = kafkaClient('test', kafka).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A new group reads from the beginning; what earlier tests wrote would be in its way. */
const emptyTopic = (): Promise<void> =>
  withAdmin(async (admin) => {
    const topic = ContactAdded.topic;
    const offsets = await admin.fetchTopicOffsets(topic);
    const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic, partitions });
  });

/** Writes messages as another system would. */
async function publish(contactIds: readonly string[], compression = kafkajs.CompressionTypes.None): Promise<void> {
  const producer = kafkaClient('test', kafka).producer();
  await producer.connect();
  const records = contactIds.map((contactId) => aRecord(ContactAdded, aContactAdded({ contactId })));
  const messages = records.map(({ key, headers, value }) => ({ key, headers, value }));
  await producer.send({ topic: ContactAdded.topic, messages, compression });
  await producer.disconnect();
}

const deadlock = (tx: EntityManager) =>
  tx.query(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`);

test('When several partitions have messages, then they are handled in one transaction, and Kafka knows of each', async () => {
  const group = newGroup();
  const node = await aNode(group);
  const ids = many(20, () => randomUUID());
  await publish(ids);
  const transactions = new Set<string>();
  does = async (_, tx) => transactions.add((await tx.query('SELECT pg_current_xact_id()::text AS id'))[0].id as string);
  node.server.start();
  await untilHandled(db, ids.length);
  await node.server.stop();
  expect(transactions.size).toBe(1);
  const [committed, ends] = await withAdmin((admin) =>
    Promise.all([
      admin.fetchOffsets({ groupId: group, topics: [ContactAdded.topic] }),
      admin.fetchTopicOffsets(ContactAdded.topic),
    ]),
  );
  const places = (of: readonly { partition: number; offset: string }[]): string[] =>
    of.map(({ partition, offset }) => `${partition}/${offset}`).sort();
  expect(places(committed[0]!.partitions)).toEqual(places(ends));
});

test('When a service stops while it cannot handle a message, then the next one handles it', async () => {
  const group = newGroup();
  const [first, id] = [await aNode(group), randomUUID()];
  await publish([id]);
  does = (_, tx) => deadlock(tx);
  first.server.start();
  await untilProblem(() => first.server.problems(), /cannot handle messages of contact\.events \(40P01\)/);
  await first.server.stop();
  does = () => undefined;
  (await aNode(group)).server.start();
  await untilHandled(db, 1);
  expect(await handledKeys(db)).toEqual([id]);
});

test('When the surroundings are well again, then what could not be handled is handled', async () => {
  const node = await aNode(newGroup());
  let failures = 0;
  does = (_, tx) => (failures < 4 ? (failures++, deadlock(tx)) : undefined);
  await publish([randomUUID()]);
  node.server.start();
  await untilProblem(() => node.server.problems(), /cannot handle/);
  await untilHandled(db, 1);
  expect(failures).toBe(4);
  await untilWell(() => node.server.problems());
});

test('When a handler has a programming error, then its message is parked and the next ones are handled', async () => {
  const node = await aNode(newGroup());
  const [bad, good] = [randomUUID(), randomUUID()];
  does = (id) => (id === bad ? (undefined as unknown as string[]).length : undefined);
  await publish([bad, good]);
  node.server.start();
  await untilHandled(db, 1);
  expect(await handledKeys(db)).toEqual([good]);
  await waitUntil(async () => (await node.letters.list()).length > 0 || undefined, {
    what: 'parked',
    timeoutMs: 20_000,
  });
  expect(await node.letters.list()).toMatchObject([{ key: bad, reason: 'TypeError' }]);
});

test('When a chunk is tried again and another consumer joins, then both belong to the group', async () => {
  const group = newGroup();
  const [first, second] = [await aNode(group), await aNode(group)];
  does = (_, tx) => deadlock(tx);
  await publish([randomUUID()]);
  first.server.start();
  await untilProblem(() => first.server.problems(), /cannot handle/);
  second.server.start();
  // A consumer that sends no heartbeat hears of the other one only when its session has ended, after 10 s.
  const both = () =>
    withAdmin(async (admin) => {
      const [description] = (await admin.describeGroups([group])).groups;
      return (description?.state === 'Stable' && description.members.length === 2) || undefined;
    });
  await waitUntil(both, { what: 'both are members', timeoutMs: 8_000, everyMs: 200 });
});

test('When kafkajs gives up, then a new consumer is made until it works', async () => {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const none = CompressionCodecs[CompressionTypes.ZSTD];
  const codec = {
    compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(zstdCompressSync(buffer)),
    decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer)),
  };
  const [node, id] = [await aNode(newGroup()), randomUUID()];
  CompressionCodecs[CompressionTypes.ZSTD] = () => codec;
  await publish([id], CompressionTypes.ZSTD);
  CompressionCodecs[CompressionTypes.ZSTD] = none;
  node.server.start();
  await untilProblem(() => node.server.problems(), /broker is away/);
  expect(node.server.alive()).toBe(true);
  CompressionCodecs[CompressionTypes.ZSTD] = () => codec;
  await untilHandled(db, 1);
  CompressionCodecs[CompressionTypes.ZSTD] = none;
});

test('When a handler hangs, then the consumer is not alive after a while, and is again when it goes on', async () => {
  const node = await aNode(newGroup());
  let finish = (): void => undefined;
  const hanging = new Promise<void>((begun) => {
    does = () => new Promise<void>((done) => (begun(), (finish = done)));
  });
  await publish([randomUUID()]);
  node.server.start();
  await hanging;
  const begunAt = Date.now();
  expect(aliveAt(node.server, begunAt)).toBe(true);
  expect(aliveAt(node.server, begunAt + 180_000)).toBe(false);
  finish();
  await waitUntil(() => aliveAt(node.server, begunAt + 180_000) || undefined, { what: 'alive', timeoutMs: 20_000 });
});

function aliveAt(server: KafkaBatchServer, time: number): boolean {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(time);
  const alive = server.alive();
  clock.mockRestore();
  return alive;
}
