import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { ContactAdded, message } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, Remember } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  handledKeys,
  type MessagingNode,
  newGroup,
  untilPublished,
} from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { kafkaClient } from './kafka-client.js';
import { on } from './subscription.js';

let kafka: TestKafka;
let db: DataSource;
let group: string;
const running: MessagingNode[] = [];

beforeAll(async () => {
  kafka = await startTestKafka();
});
beforeEach(async () => {
  db = await aMessagingDatabase();
  group = newGroup();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  await db.destroy();
});
afterAll(() => kafka.remove());

async function aNode(): Promise<MessagingNode> {
  const node = await aMessagingNode({
    db,
    group,
    brokers: kafka.brokers,
    subscriptions: [on(ContactAdded, Remember)],
  });
  running.push(node);
  return node;
}

async function publish(count: number): Promise<string[]> {
  const added = many(count, () => aContactAdded());
  const node = await aNode();
  node.relay.start();
  await node.send(added.map((one) => message(ContactAdded, one)));
  await untilPublished(db);
  await node.relay.stop();
  return added.map(({ contactId }) => contactId);
}

const timesHandled = async (ids: readonly string[]): Promise<number[]> => {
  const keys = await handledKeys(db);
  return ids.map((id) => keys.filter((key) => key === id).length);
};
const untilTimes = (ids: readonly string[], times: number): Promise<unknown> =>
  waitUntil(async () => (await timesHandled(ids)).every((count) => count === times) || undefined, {
    what: `each handled ${times} times`,
    timeoutMs: 20_000,
  });

/** Runs one consumer until these were handled so often and the group has noted it, then stops it. */
async function consumeUntil(ids: readonly string[], times: number): Promise<void> {
  const node = await aNode();
  node.server.start();
  await untilTimes(ids, times);
  await node.server.stop();
}

/** What a dump of the database would hold, and its restore. */
const dump = async () => ({
  positions: await db.query('SELECT * FROM read_position'),
  inbox: await db.query('SELECT id FROM inbox'),
});
async function restore(from: Awaited<ReturnType<typeof dump>>): Promise<void> {
  await db.query('DELETE FROM read_position; DELETE FROM inbox');
  for (const { topic, partition, next_offset } of from.positions) {
    await db.query('INSERT INTO read_position VALUES ($1, $2, $3)', [topic, partition, next_offset]);
  }
  for (const { id } of from.inbox) await db.query('INSERT INTO inbox (id) VALUES ($1)', [id]);
}

test('When a database is restored, then what it had handled since the dump is handled again, and nothing else', async () => {
  const before = await publish(6);
  await consumeUntil(before, 1);
  const backup = await dump();
  const since = await publish(6);
  await consumeUntil(since, 1);
  await restore(backup);
  await consumeUntil(since, 2);
  expect(await timesHandled(before)).toEqual(before.map(() => 1));
});

test('When a database is restored from before its first message, then everything is handled again', async () => {
  const empty = await dump();
  const ids = await publish(6);
  await consumeUntil(ids, 1);
  await restore(empty);
  await consumeUntil(ids, 2);
});

test('When the topic has lost a part of what came since the dump, then the rest is handled again', async () => {
  const empty = await dump();
  const lost = await publish(6);
  await consumeUntil(lost, 1);
  const admin = kafkaClient('test', kafka).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(ContactAdded.topic);
  const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
  await admin.deleteTopicRecords({ topic: ContactAdded.topic, partitions });
  await admin.disconnect();
  const kept = await publish(6);
  await consumeUntil(kept, 1);
  await restore(empty);
  await consumeUntil(kept, 2);
  expect(await timesHandled(lost)).toEqual(lost.map(() => 1));
});

test('When two processes work on a database that was never restored, then nothing is handled twice as they come and go', async () => {
  const ids = await publish(40);
  const [one, other] = [await aNode(), await aNode()];
  one.server.start();
  await untilTimes(ids, 1);
  other.server.start();
  await waitUntil(() => other.server.problems().length === 0 || undefined, { what: 'it joined', timeoutMs: 20_000 });
  // Without the inbox a second time would show.
  await db.query('DELETE FROM inbox');
  const more = await publish(40);
  await untilTimes(more, 1);
  await one.server.stop();
  const last = await publish(10);
  await untilTimes(last, 1);
  expect(await timesHandled([...ids, ...more])).toEqual([...ids, ...more].map(() => 1));
});
