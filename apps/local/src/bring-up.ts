import { join } from 'node:path';
import { type Ports, SERVICE_NAMES, type ServiceName, mainOf } from './catalogue.js';
import { type EnvironmentFacts, migrateEnvironment, serviceEnvironment, writeEnvironmentFile } from './environment.js';
import { stopOrphan } from './orphans.js';
import { timed } from './parts.js';
import { type ServiceOptions, migrateService } from './services.js';
import { SupervisedService } from './supervisor.js';
import { createLocalTopics } from './topics.js';

type Output = (line: string) => void;

export type SupervisedServices = Partial<Record<ServiceName, SupervisedService>>;

export interface BringUpOptions {
  dataDir: string;
  logDir: string;
  services: ServiceName[];
  facts: EnvironmentFacts;
  output: Output;
  signal?: AbortSignal;
}

/** Ends whatever an earlier launcher that was killed left running on this data: services first, then what they use. */
export async function clearUp(dataDir: string, output: Output): Promise<void> {
  const services = SERVICE_NAMES.flatMap((name) => [pidFileOf(dataDir, name), `${pidFileOf(dataDir, name)}.migrate`]);
  const ended = await Promise.all([
    ...services.map((file) => stopOrphan(file, 'SIGTERM', 10_000)),
    stopOrphan(join(dataDir, 'mail.pid'), 'SIGTERM', 5_000),
  ]);
  ended.push(await stopOrphan(join(dataDir, 'kafka', 'kafka.pid'), 'SIGTERM', 20_000));
  ended.push(await stopOrphan(join(dataDir, 'postgres', 'postgres.pid'), 'SIGINT', 20_000));
  const count = ended.filter(Boolean).length;
  if (count > 0) output(`Stopped ${count} processes that an earlier run had left behind`);
}

/** Migrates, creates the topics and starts the services; returns when all are ready. The caller stops `services` on failure. */
export async function bringUp(options: BringUpOptions, services: SupervisedServices): Promise<void> {
  const { facts, output } = options;
  const folder = join(options.dataDir, 'env');
  for (const name of SERVICE_NAMES) {
    writeEnvironmentFile(folder, name, serviceEnvironment(name, facts));
    writeEnvironmentFile(folder, `${name}.migrate`, migrateEnvironment(name, facts));
  }
  options.signal?.throwIfAborted();
  await allOrFirstError([
    timed('migrations', output, () => migrateAll(options)),
    timed('topics', output, () => createLocalTopics(facts.brokers)),
  ]);
  options.signal?.throwIfAborted();
  const running = Object.values(services);
  await timed('services', output, async () => {
    await allOrFirstError(running.map((service) => service.start()));
    await Promise.all(running.map((service) => service.ready()));
  });
}

/** The services under supervision, not started yet. */
export function supervised(options: BringUpOptions): SupervisedServices {
  const entries = options.services.map((name) => {
    const url = options.facts.urls[name];
    return [name, new SupervisedService({ ...serviceOptions(options, name), url, report: options.output })];
  });
  return Object.fromEntries(entries) as SupervisedServices;
}

/** Where each service answers. */
export function urlsOf(ports: Ports): Record<ServiceName, string> {
  const entries = SERVICE_NAMES.map((name) => [name, `http://127.0.0.1:${ports.services[name]}`]);
  return Object.fromEntries(entries) as Record<ServiceName, string>;
}

/** The environment of every service, also of those that are not started here. */
export function environments(facts: EnvironmentFacts): Record<ServiceName, Record<string, string>> {
  const entries = SERVICE_NAMES.map((name) => [name, serviceEnvironment(name, facts)]);
  return Object.fromEntries(entries) as Record<ServiceName, Record<string, string>>;
}

async function migrateAll(options: BringUpOptions): Promise<void> {
  const migrations = options.services.map((name) => {
    const service = serviceOptions(options, name);
    return migrateService({ ...service, env: { ...service.env, ...migrateEnvironment(name, options.facts) } });
  });
  await allOrFirstError(migrations);
}

/** Like Promise.all, but waits for the others before it throws: nothing may still be running when all is stopped. */
async function allOrFirstError(steps: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(steps)).find((step) => step.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function serviceOptions(options: BringUpOptions, name: ServiceName): ServiceOptions {
  return {
    name,
    main: mainOf(name),
    env: serviceEnvironment(name, options.facts),
    logFile: join(options.logDir, `${name}.log`),
    pidFile: pidFileOf(options.dataDir, name),
  };
}

function pidFileOf(dataDir: string, name: ServiceName): string {
  return join(dataDir, 'run', `${name}.pid`);
}
