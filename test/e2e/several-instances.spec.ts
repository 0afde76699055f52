import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SERVICE_NAMES, waitUntil } from '#local';
import { DATABASE_NAMES } from '../../apps/local/src/catalogue.js';
import { BalancedClients } from '../support/balanced-clients.js';
import { expectEachOnce } from '../support/expect-each-once.js';
import { type Instance, oneMoreOfEach, partitionsOf, relaysByDatabase } from '../support/instances.js';
import { aCompany, type Company, startTestSystem, type TestSystem } from '../support/test-system.js';

/** The deadline of a stop in these tests, in seconds: STOP_DEADLINE_SECONDS. */
const STOP_SECONDS = 20;

let system: TestSystem;
let company: Company;
let clients: BalancedClients;
/** Beside the first of each service, which the system looks after. */
const others: Instance[] = [];

beforeAll(async () => {
  const env = Object.fromEntries(
    SERVICE_NAMES.map((name) => [name, { STOP_DEADLINE_SECONDS: String(STOP_SECONDS), DATABASE_POOL_SIZE: '5' }]),
  );
  system = await startTestSystem({ env });
  company = await aCompany(system);
  clients = new BalancedClients(system, company, new Set([system.urls['contact-service']]));
}, 120_000);

afterAll(async () => {
  await Promise.all(others.map((instance) => instance.stop()));
  await system.remove();
});

async function join(): Promise<Instance[]> {
  const joined = await oneMoreOfEach(system);
  others.push(...joined);
  clients.addresses.add(urlOfContacts(joined));
  return joined;
}

const urlOfContacts = (instances: readonly Instance[]): string =>
  instances.find(({ service }) => service === 'contact-service')!.url;

/** Every partition is read by one instance, and none reads two more than another. */
async function untilSpread(service: string, instances: number): Promise<void> {
  const look = async (): Promise<true | undefined> => {
    const all = await partitionsOf(system.brokers, service);
    const counts = all.map((places) => places.length);
    const even = Math.max(...counts) - Math.min(...counts) <= 1 && Math.min(...counts) > 0;
    const once = new Set(all.flat()).size === all.flat().length;
    return (all.length === instances && even && once) || undefined;
  };
  await waitUntil(look, { what: `${service} is spread over ${instances}`, timeoutMs: 30_000, everyMs: 200 });
}

async function expectSpread(instances: number): Promise<void> {
  for (const service of SERVICE_NAMES) await untilSpread(service, instances);
  expect(await relaysByDatabase(system)).toEqual(Object.fromEntries(DATABASE_NAMES.map((name) => [name, 1])));
}

test('When there are two of each service, then partitions are spread and each database has one relay', async () => {
  await join();
  await expectSpread(2);
  await expectEachOnce(system, await clients.removeThemselves(60));
}, 240_000);

test('When one of each joins and another is told to stop under load, then all requests are answered and all done once', async () => {
  const leaving = others.slice(0, SERVICE_NAMES.length);
  const over = clients.keepRemoving();
  await join();
  const stops = leaving.map(async (instance) => {
    const told = performance.now();
    await instance.stop();
    return {
      service: instance.service,
      ...(await instance.exited),
      inTime: performance.now() - told < STOP_SECONDS * 1_000,
    };
  });
  for (const stop of await Promise.all(stops)) expect(stop).toMatchObject({ code: 0, inTime: true });
  // The one that left was the second of two, and is used no more.
  const removed = await over(50);
  expect(clients.addresses.has(urlOfContacts(leaving))).toBe(false);
  expect(clients.turnedAway).toBe(0);
  await expectSpread(2);
  await expectEachOnce(system, removed);
}, 240_000);

test('When there are four of each service, then partitions are spread, one relay each, and all is done once', async () => {
  await join();
  await join();
  await expectSpread(4);
  await expectEachOnce(system, await clients.removeThemselves(100));
}, 240_000);
