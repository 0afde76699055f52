import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrateService, repositoryRoot, SERVICE_NAMES, type ServiceName } from '#local';
import { parseEnv } from 'node:util';
import { BalancedClients } from '../support/balanced-clients.js';
import { expectEachOnce } from '../support/expect-each-once.js';
import { type Instance, startInstance } from '../support/instances.js';
import { aCompany, startTestSystem, type TestSystem } from '../support/test-system.js';

/** The release that follows the one under test: see there. */
const NEXT_RELEASE = join(repositoryRoot(), 'dist/test/upgrades/next-release.js');

let system: TestSystem;
let clients: BalancedClients;
let next: Instance[] = [];

beforeAll(async () => {
  system = await startTestSystem();
  clients = new BalancedClients(system, await aCompany(system), new Set([urlNow()]));
}, 120_000);

afterAll(async () => {
  await Promise.all(next.map((instance) => instance.stop()));
  await system.remove();
});

const urlNow = (): string => system.urls['contact-service'];

/** The migration jobs of the next release. */
async function migrateAll(): Promise<void> {
  const migrate = (name: ServiceName): Promise<void> => {
    const file = readFileSync(join(system.dataDir, 'env', `${name}.migrate.env`), 'utf8');
    const env = { ...system.env[name], ...(parseEnv(file) as Record<string, string>) };
    const logFile = join(system.logDir, `${name}-next-migrate.log`);
    return migrateService({ name, main: NEXT_RELEASE, args: [name], env, logFile });
  };
  await Promise.all(SERVICE_NAMES.map(migrate));
}

async function startNext(): Promise<void> {
  const start = (name: ServiceName): Promise<Instance> =>
    startInstance(system, name, { main: NEXT_RELEASE, args: [name] });
  next = await Promise.all(SERVICE_NAMES.map(start));
  clients.addresses.add(next.find(({ service }) => service === 'contact-service')!.url);
}

test('When the next release comes under load, then both serve side by side and each removal happens once', async () => {
  const over = clients.keepRemoving();
  await migrateAll();
  await startNext();
  const sideBySide = await clients.removeThemselves(40);
  await Promise.all(SERVICE_NAMES.map((name) => system.services[name].stop()));
  expect(clients.addresses.has(urlNow())).toBe(false);
  const removed = await over(20);
  await expectEachOnce(system, [...sideBySide, ...removed]);
}, 240_000);

test('When the next release is rolled back under load, then the old one works with the new schema', async () => {
  await Promise.all(SERVICE_NAMES.map((name) => system.services[name].start()));
  await Promise.all(SERVICE_NAMES.map((name) => system.services[name].ready()));
  clients.addresses.add(urlNow());
  const over = clients.keepRemoving();
  const stopped = await Promise.all(next.splice(0).map((instance) => instance.stop().then(() => instance.exited)));
  expect(stopped.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const removed = await over(20);
  expect([...clients.addresses]).toEqual([urlNow()]);
  await expectEachOnce(system, removed);
}, 240_000);
