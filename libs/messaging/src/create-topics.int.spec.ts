import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { TOPICS } from '#contracts';
import { many } from '../../../test/support/make.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { createTopics } from './create-topics.js';
import { kafkaClient } from './kafka-client.js';

let kafka: TestKafka;
let admin: Admin;

beforeAll(async () => {
  kafka = await startTestKafka({ topics: false });
  admin = kafkaClient('test', kafka).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  await kafka.remove();
});

const SETTINGS = ['cleanup.policy', 'compression.type', 'retention.ms'];

async function settingsOf(topic: string): Promise<Record<string, string>> {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: SETTINGS };
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  const entries = resources[0]!.configEntries.map((entry): [string, string] => [entry.configName, entry.configValue]);
  return Object.fromEntries(entries);
}
const partitions = async (): Promise<Map<string, number>> => {
  const { topics } = await admin.fetchTopicMetadata();
  return new Map(topics.filter(({ name }) => name in TOPICS).map((topic) => [topic.name, topic.partitions.length]));
};

test('When topics are created, by several at once and again, then each is as declared, and existing ones are left', async () => {
  const { brokers } = kafka;
  await admin.createTopics({ topics: [{ topic: 'tenant.events', numPartitions: 3 }] });
  await Promise.all(many(3, () => createTopics({ brokers })));
  await createTopics({ brokers, partitions: 5 });
  const declared = Object.entries(TOPICS).map(([name, topic]): [string, number] => [name, topic.partitions]);
  expect(await partitions()).toEqual(new Map(declared).set('tenant.events', 3));
  expect(await settingsOf('contact.expunged')).toMatchObject({
    'cleanup.policy': 'compact',
    'compression.type': 'producer',
  });
  const kept = { 'cleanup.policy': 'delete', 'compression.type': 'producer', 'retention.ms': '604800000' };
  expect(await settingsOf('expunge.commands')).toEqual(kept);
});
