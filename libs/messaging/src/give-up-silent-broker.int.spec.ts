import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Admin } from 'kafkajs';
import { freePort } from '#local';
import { Proxy } from '../../../test/chaos/proxy.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { kafkaClient } from './kafka-client.js';

let kafka: TestKafka;
let network: Proxy;
let admin: Admin;

beforeAll(async () => {
  let port = 0;
  network = await Proxy.start(() => port);
  const direct = await freePort();
  kafka = await startTestKafka({
    topics: false,
    properties: [
      `listeners=PLAINTEXT://127.0.0.1:{PORT},PROXIED://127.0.0.1:${direct},CONTROLLER://127.0.0.1:{CONTROLLER_PORT}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:{PORT},PROXIED://127.0.0.1:${network.port}`,
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
    ],
  });
  port = direct;
  admin = kafkaClient('test', { brokers: [`127.0.0.1:${network.port}`] }).admin();
  await admin.connect();
}, 60_000);
afterAll(async () => {
  await network.stop();
  await admin.disconnect();
  await kafka.remove();
});

test('When a network swallows a request, then only that one waits for its time limit, and the next one is answered', async () => {
  await admin.listTopics();
  network.swallow();
  const unanswered = admin.listTopics();
  unanswered.catch(() => undefined);
  // What was open then stays dead.
  network.mend();
  await expect(unanswered).rejects.toThrow('timed out');
  const begun = performance.now();
  expect(await admin.listTopics()).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(5_000);
}, 90_000);
