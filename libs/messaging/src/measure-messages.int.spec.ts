import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, type Message } from '#contracts';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, bindingsOf, Remember } from '../../../test/support/messaging.js';
import { ChunkProcessor } from './chunk-processor.js';
import { MeasureMessages } from './measure-messages.js';
import type { Received } from './subscription.js';

let db: DataSource;
let registry: Registry;
/** What handling does first. */
let does: (messages: readonly Received<Message>[], tx: EntityManager) => unknown;

class Handler extends Remember {
  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await does(messages, tx);
    await super.handle(messages, tx);
  }
}

beforeAll(async () => {
  db = await aMessagingDatabase();
});
beforeEach(() => {
  registry = new Registry();
  does = () => undefined;
});
afterAll(() => db.destroy());

const aProcessor = () =>
  new ChunkProcessor(db, bindingsOf([ContactAdded], new Handler()), new MeasureMessages(registry));
const records = (count: number) => many(count, () => aRecord(ContactAdded, aContactAdded({ tenantId: TENANT })));
const TENANT = '6f1c1d5e-8f4f-4f0c-9c58-2f4b5a1d7e01';

async function counted(): Promise<Record<string, number>> {
  const { values } = await registry.getSingleMetric('messages_total')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.message} ${labels.outcome}`, value]));
}
async function calls(): Promise<number | undefined> {
  const metric = await registry.getSingleMetric('message_handling_duration_seconds')!.get();
  const counts = metric.values as { metricName?: string; labels: object; value: number }[];
  return counts.find(({ metricName }) => metricName === 'message_handling_duration_seconds_count')?.value;
}

test('When a chunk is handled and comes again, then it is counted as handled, then as repeated; its handler was called once', async () => {
  const [processor, chunk] = [aProcessor(), records(50)];
  await processor.process(chunk);
  expect(await counted()).toEqual({ 'ContactAdded handled': 50 });
  await processor.process(chunk);
  expect(await counted()).toEqual({ 'ContactAdded handled': 50, 'ContactAdded repeated': 50 });
  expect(await calls()).toBe(1);
  expect(await registry.metrics()).toContain('handler="Handler"');
});

test('When messages cannot be used, then they are counted as parked', async () => {
  const [poison, broken, ...good] = records(4);
  does = (messages) => {
    if (messages.some(({ data }) => (data as ContactAdded).contactId === poison!.key)) throw new TypeError('poison');
  };
  await aProcessor().process([poison!, { ...broken!, value: Buffer.from('{') }, ...good]);
  expect(await counted()).toEqual({ 'ContactAdded handled': 2, 'ContactAdded parked': 2 });
});

test('When a chunk is undone, then nothing of it is counted', async () => {
  does = (_, tx) => tx.query(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`);
  await expect(aProcessor().process(records(3))).rejects.toThrow();
  expect(await counted()).toEqual({});
});

test('When messages are counted, then no id of anybody is told', async () => {
  await aProcessor().process(records(2));
  expect(await registry.metrics()).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
});
