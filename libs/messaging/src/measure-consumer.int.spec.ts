import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Registry } from 'prom-client';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, type Message, message } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, Remember } from '../../../test/support/messaging.js';
import { aMessagingNode, type MessagingNode, untilHandled } from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { on, type Received } from './subscription.js';

let kafka: TestKafka;
let db: DataSource;
let node: MessagingNode;
let handling: Promise<void> | undefined;

@Injectable()
class Handler extends Remember {
  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await handling;
    await super.handle(messages, tx);
  }
}

beforeAll(async () => {
  kafka = await startTestKafka();
  db = await aMessagingDatabase();
  node = await aMessagingNode({ db, brokers: kafka.brokers, subscriptions: [on(ContactAdded, Handler)] });
});
afterAll(async () => {
  await node.stop();
  await db.destroy();
  await kafka.remove();
});

const told = async (registry: Registry, name: string): Promise<number> =>
  (await registry.getSingleMetric(name)!.get()).values[0]!.value;

const until = (name: string, reached: (value: number) => boolean): Promise<unknown> =>
  waitUntil(async () => reached(await told(node.registry, name)) || undefined, { what: name, timeoutMs: 30_000 });

test('When messages wait to be handled, then their age grows, and is 0 when all are', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  handling = promise;
  node.relay.start();
  node.server.start();
  await until('consumer_lag_seconds', (seconds) => seconds === 0);
  await node.send(many(10, () => message(ContactAdded, aContactAdded())));
  await until('consumer_lag_seconds', (seconds) => seconds > 1.5);
  resolve();
  await untilHandled(db, 10);
  await until('consumer_lag_seconds', (seconds) => seconds === 0);
  expect(await told(node.registry, 'relay_leading')).toBe(1);
});

test('When the broker is away, then the time since it was heard grows, until it is back', async () => {
  await until('consumer_last_poll_age_seconds', (seconds) => seconds < 2);
  await kafka.kill('SIGSTOP');
  await until('consumer_last_poll_age_seconds', (seconds) => seconds > 3);
  await kafka.kill('SIGCONT');
  await until('consumer_last_poll_age_seconds', (seconds) => seconds < 2);
}, 60_000);
