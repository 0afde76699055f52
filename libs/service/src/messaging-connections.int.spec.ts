import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ContactAdded, message } from '#contracts';
import { on, Outbox } from '#messaging';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, Remember } from '../../../test/support/messaging.js';
import { handledKeys, untilHandled } from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { testModule } from '../test/test-service.js';
import { type RunningApp, startApp } from './start-app.js';

const POOL = 2;

@Injectable()
class RememberAdded extends Remember {}

let kafka: TestKafka;
let db: DataSource;
let service: RunningApp;

beforeAll(async () => {
  [kafka, db] = await Promise.all([startTestKafka(), aMessagingDatabase()]);
  const { url } = db.options as { url?: string };
  const env = { DATABASE_URL: url!, DATABASE_POOL_SIZE: String(POOL), KAFKA_BROKERS: kafka.brokers.join(',') };
  const module = testModule(env, [], { subscriptions: [on(ContactAdded, RememberAdded)] });
  service = await startApp({ ...module, providers: [RememberAdded] });
  await service.usable();
}, 60_000);

afterAll(async () => {
  await service.stop();
  await db.destroy();
  await kafka.remove();
});

test('When requests hold every connection they may have, then messages are still published and handled', async () => {
  const requests = service.app.get(DataSource);
  const held = many(POOL, () => requests.createQueryRunner());
  await Promise.all(held.map((one) => one.connect()));
  const contact = aContactAdded();
  await db.transaction((tx) => service.app.get(Outbox).add(tx, [message(ContactAdded, contact)]));
  await untilHandled(db, 1);
  expect(await handledKeys(db)).toEqual([contact.contactId]);
  await Promise.all(held.map((one) => one.release()));
});
