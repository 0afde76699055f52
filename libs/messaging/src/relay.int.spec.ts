import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { ContactDisabled, type Data, message, type Outgoing } from '#contracts';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  type MessagingNode,
  untilProblem,
  untilPublished,
  untilWell,
} from '../../../test/support/messaging-node.js';
import { readTopics } from '../../../test/support/read-topics.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';

let kafka: TestKafka;
let db: DataSource;
const running: MessagingNode[] = [];

beforeAll(async () => {
  kafka = await startTestKafka();
});
beforeEach(async () => {
  db = await aMessagingDatabase();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  await db.destroy();
});
afterAll(() => kafka.remove());

async function aNode(): Promise<MessagingNode> {
  const node = await aMessagingNode({ db, brokers: kafka.brokers });
  running.push(node);
  return node;
}

/** The n-th message about a contact; its time tells which one it is. */
const nth = ({ tenantId, contactId }: { tenantId: string; contactId: string }, n: number, padding = ''): Outgoing =>
  message(ContactDisabled, { tenantId, contactId, at: new Date(n).toISOString(), padding } as Data<ContactDisabled>);

/** Which ones of a contact's messages were published, in the order of the topic. */
async function published(contactId: string): Promise<number[]> {
  const messages = (await readTopics(kafka.brokers, [ContactDisabled.topic])).filter(({ key }) => key === contactId);
  return messages.map(({ value }) => Date.parse((JSON.parse(value) as { at: string }).at));
}
const numbers = (count: number): number[] => many(count, (n) => n);

test('When messages of several contacts are added, then those of each are published in their order', async () => {
  const node = await aNode();
  const contacts = many(3, () => aContactAdded());
  for (const from of [0, 100]) {
    await node.send(many(300, (n) => nth(contacts[n % 3]!, from + Math.floor(n / 3))));
  }
  node.relay.start();
  await untilPublished(db);
  for (const { contactId } of contacts) expect(await published(contactId)).toEqual(numbers(200));
});

test('When two relays run on one database, then each message is published once, and in order', async () => {
  const [first, second] = [await aNode(), await aNode()];
  const contact = aContactAdded();
  // Large and small sends in turn: of two at the same time, the later one would overtake.
  for (const from of many(10, (n) => n * 10)) {
    await first.send(many(10, (n) => nth(contact, from + n, n < 3 ? 'x'.repeat(300_000) : '')));
  }
  first.relay.start();
  second.relay.start();
  await untilPublished(db);
  expect(await published(contact.contactId)).toEqual(numbers(100));
});

test('When the broker refuses one message for good, then it is tried again for ever and nothing is dropped', async () => {
  const node = await aNode();
  const contact = aContactAdded();
  await node.send([nth(contact, 0)]);
  await db.query(`UPDATE outbox SET topic = 'not.declared'`);
  node.relay.start();
  await untilProblem(() => node.relay.problems(), /messages wait in the outbox/);
  await db.query(`UPDATE outbox SET topic = $1`, [ContactDisabled.topic]);
  await untilPublished(db);
  expect(await published(contact.contactId)).toEqual([0]);
  await untilWell(() => node.relay.problems());
});
