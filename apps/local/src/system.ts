import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type BringUpOptions,
  type SupervisedServices,
  bringUp,
  clearUp,
  environments,
  supervised,
  urlsOf,
} from './bring-up.js';
import { type DatabaseName, SERVICE_NAMES, type ServiceName, fixedPorts, freePorts, wantedPorts } from './catalogue.js';
import { type LocalConfig, readConfig } from './config.js';
import type { DatabaseUrls } from './databases.js';
import type { IdentityProvider } from './identity-provider.js';
import type { KafkaBroker } from './kafka/kafka.js';
import type { MailInbox } from './mail-inbox.js';
import { forgetProcess, holdLock } from './orphans.js';
import { assertOutsidePartsAnswer } from './outside-parts.js';
import { type ReusedParts, embeddedParts, startParts } from './parts.js';
import { assertPortsFree } from './ports.js';
import type { PostgresServer } from './postgres.js';
import { type Secrets, ensureSecrets } from './secrets.js';

export interface SystemOptions extends ReusedParts {
  /** Everything is kept here: data, secrets, logs, environments. One running system per folder. */
  dataDir: string;
  /** The fixed ones of `npm start`, or any that are free. */
  ports: 'fixed' | 'free';
  /** False only for tests and the demo: see PostgresOptions. */
  fsync: boolean;
  /** Kafka starts sooner and is slower at its peak: tests and demo only. */
  fast?: boolean;
  /** Which services to migrate and start; all four unless told. The four databases are made in any case. */
  services?: ServiceName[];
  /** Settings added to or replacing those of one service. */
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** Gets one line per step, and per restart of a service, PostgreSQL or Kafka. */
  output?: (line: string) => void;
  /** Breaks off the start between two steps; what was started is stopped. */
  signal?: AbortSignal;
}

/** A running system. */
export interface LocalSystem {
  readonly urls: Record<ServiceName, string>;
  /** The environment of each service, also in `<dataDir>/env/<service>.env`. */
  readonly env: Record<ServiceName, Record<string, string>>;
  readonly databases: Record<DatabaseName, DatabaseUrls>;
  readonly brokers: string[];
  readonly smtpUrl: string;
  readonly identity: IdentityProvider;
  readonly secrets: Secrets;
  readonly logDir: string;
  /** Undefined where an outside or a reused part takes its place; `mail` also when it is reused. */
  readonly postgres?: PostgresServer;
  readonly kafka?: KafkaBroker;
  readonly mail?: MailInbox;
  /** The services that were started, each with pid, kill, stop, start, ready, restarts. */
  readonly services: SupervisedServices;
  /** Stops the services gracefully, then the parts that were started here. */
  stop(): Promise<void>;
}

/**
 * Starts the whole system on this machine and returns when every service is ready: secrets; PostgreSQL, Kafka,
 * identity provider and inbox beside each other; migrations; topics; services. KAFKA_BROKERS, POSTGRES_URL and
 * SMTP_URL replace the embedded parts. Clears up after a launcher that was killed. When anything fails, all that
 * was started is stopped. Throws ConfigInvalid, AlreadyRunning, PortTaken, JavaMissing, or Error naming a log file.
 */
export async function startSystem(options: SystemOptions): Promise<LocalSystem> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const lock = join(dataDir, 'launcher.pid');
  const config = readConfig();
  await holdLock(lock, (pid) => `Process ${pid} already runs a system on ${dataDir}. Stop it first.`);
  try {
    return await startLocked({ ...options, dataDir }, config, () => forgetProcess(lock));
  } catch (error) {
    forgetProcess(lock);
    throw error;
  }
}

async function startLocked(options: SystemOptions, config: LocalConfig, unlock: () => void): Promise<LocalSystem> {
  const output = options.output ?? ((): void => undefined);
  const logDir = join(options.dataDir, 'logs');
  const secrets = await ensureSecrets(join(options.dataDir, 'secrets'));
  const ports = options.ports === 'fixed' ? fixedPorts(config) : await freePorts();
  await clearUp(options.dataDir, output);
  await assertPortsFree(wantedPorts(ports, embeddedParts(options, config)));
  await assertOutsidePartsAnswer(config);
  options.signal?.throwIfAborted();
  const parts = await startParts({ ...options, logDir, ports, fast: options.fast ?? false, config, output });
  const facts = {
    ...parts,
    urls: urlsOf(ports),
    bouncePort: ports.bounces,
    secrets,
    logLevel: config.logLevel,
    extra: options.env,
  };
  const up: BringUpOptions = { ...options, logDir, facts, output, services: options.services ?? [...SERVICE_NAMES] };
  const services = supervised(up);
  const stop = async (): Promise<void> => {
    await Promise.allSettled(Object.values(services).map((service) => service.stop()));
    await parts.stop();
    unlock();
  };
  try {
    await bringUp(up, services);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...parts, urls: facts.urls, env: environments(facts), secrets, logDir, services, stop };
}
