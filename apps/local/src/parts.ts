import { join } from 'node:path';
import { DATABASE_NAMES, type DatabaseName, type Ports } from './catalogue.js';
import type { LocalConfig } from './config.js';
import { type DatabaseUrls, createDatabases } from './databases.js';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.js';
import { type KafkaBroker, startKafka } from './kafka/kafka.js';
import { type MailInbox, startMailInbox } from './mail-inbox.js';
import { type PostgresServer, startPostgres } from './postgres.js';

/** Parts that somebody already started and will stop. */
export interface ReusedParts {
  postgres?: PostgresServer;
  kafka?: Pick<KafkaBroker, 'brokers'>;
  identity?: IdentityProvider;
  mail?: MailInbox;
}

/** What the services stand on. An embedded part is undefined where an outside server is used. */
export interface Parts {
  databases: Record<DatabaseName, DatabaseUrls>;
  postgres?: PostgresServer;
  brokers: string[];
  kafka?: KafkaBroker;
  identity: IdentityProvider;
  mail?: MailInbox;
  smtpUrl: string;
  /** Stops what was started here, not what was reused. */
  stop(): Promise<void>;
}

export interface StartPartsOptions extends ReusedParts {
  dataDir: string;
  logDir: string;
  ports: Ports;
  fsync: boolean;
  fast: boolean;
  config: LocalConfig;
  output: (line: string) => void;
}

type Stop = () => Promise<void>;

/** Which parts will be started here: not the ones given, nor those that the environment replaces. */
export function embeddedParts(
  reused: ReusedParts,
  config: LocalConfig,
): { postgres: boolean; kafka: boolean; mail: boolean } {
  return {
    postgres: reused.postgres === undefined && config.postgresUrl === undefined,
    kafka: reused.kafka === undefined && config.kafkaBrokers === undefined,
    mail: reused.mail === undefined && config.smtpUrl === undefined,
  };
}

/** Starts the parts beside each other. When one fails the others are stopped and its error is thrown. */
export async function startParts(options: StartPartsOptions): Promise<Parts> {
  const stops: Stop[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(stops.map((stopPart) => stopPart()));
  };
  const started = await Promise.allSettled([
    timed('PostgreSQL', options.output, () => databasesPart(options, stops)),
    timed('Kafka', options.output, () => kafkaPart(options, stops)),
    timed('identity provider', options.output, () => identityPart(options, stops)),
    timed('mail inbox', options.output, () => mailPart(options, stops)),
  ]);
  const failed = started.find((part) => part.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return Object.assign({}, ...started.map((part) => (part.status === 'fulfilled' ? part.value : {})), {
    stop,
  }) as Parts;
}

/** Runs a step of the start and says in one line how long it took. */
export async function timed<T>(what: string, output: (line: string) => void, step: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await step();
  output(`${what}: ready after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

async function databasesPart(
  options: StartPartsOptions,
  stops: Stop[],
): Promise<Pick<Parts, 'databases' | 'postgres'>> {
  const names = [...DATABASE_NAMES];
  const passwordsDir = join(options.dataDir, 'secrets', 'database');
  if (options.postgres !== undefined) return { databases: await options.postgres.createDatabases(names, passwordsDir) };
  const superuserUrl = options.config.postgresUrl;
  if (superuserUrl !== undefined) {
    return { databases: await createDatabases({ superuserUrl, names, passwordsDir }) };
  }
  const postgres = await startPostgres({
    dataDir: join(options.dataDir, 'postgres'),
    port: options.ports.postgres,
    fsync: options.fsync,
    log: join(options.logDir, 'postgres.log'),
    report: options.output,
  });
  stops.push(() => postgres.stop());
  return { postgres, databases: await postgres.createDatabases(names, passwordsDir) };
}

async function kafkaPart(options: StartPartsOptions, stops: Stop[]): Promise<Pick<Parts, 'brokers' | 'kafka'>> {
  if (options.kafka !== undefined) return { brokers: options.kafka.brokers };
  if (options.config.kafkaBrokers !== undefined) return { brokers: options.config.kafkaBrokers };
  const kafka = await startKafka({
    dataDir: join(options.dataDir, 'kafka'),
    port: options.ports.kafka,
    controllerPort: options.ports.kafkaController,
    fast: options.fast,
    log: join(options.logDir, 'kafka.log'),
    progress: options.output,
    report: options.output,
  });
  stops.push(() => kafka.stop());
  return { kafka, brokers: kafka.brokers };
}

async function identityPart(options: StartPartsOptions, stops: Stop[]): Promise<Pick<Parts, 'identity'>> {
  if (options.identity !== undefined) return { identity: options.identity };
  const identity = await startIdentityProvider({
    port: options.ports.identity,
    keysFile: join(options.dataDir, 'identity', 'signing-keys.json'),
  });
  stops.push(() => identity.stop());
  return { identity };
}

async function mailPart(options: StartPartsOptions, stops: Stop[]): Promise<Pick<Parts, 'mail' | 'smtpUrl'>> {
  if (options.mail !== undefined) return { mail: options.mail, smtpUrl: options.mail.smtpUrl };
  if (options.config.smtpUrl !== undefined) return { smtpUrl: options.config.smtpUrl };
  const mail = await startMailInbox({
    dir: join(options.dataDir, 'mail'),
    smtpPort: options.ports.smtp,
    webPort: options.ports.web,
    log: join(options.logDir, 'mail-inbox.log'),
  });
  stops.push(() => mail.stop());
  return { mail, smtpUrl: mail.smtpUrl };
}
