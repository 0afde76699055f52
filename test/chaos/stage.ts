import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type KafkaBroker, type PostgresServer, startKafka, startPostgres } from '#local';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { MailServer } from './mail-server.js';
import { Proxy } from './proxy.js';
import { RunFolder } from './run-folder.js';

export interface Network {
  readonly kafka: Proxy;
  readonly postgres: Proxy;
  readonly smtp: Proxy;
}

/** The whole system with everything around it that can be broken. Services reach all of it through proxies. */
export interface Stage {
  readonly system: TestSystem;
  readonly folder: RunFolder;
  readonly kafka: KafkaBroker;
  /** Past the proxy: for those who only look. */
  readonly brokers: string[];
  readonly postgres: PostgresServer;
  readonly mails: MailServer;
  readonly network: Network;
  stop(): Promise<void>;
}

const SHORT_WAITS = {
  'contact-service': { SILENT_EXPUNGES_PER_DAY: '1000000' },
  'workflow-service': { SHORTEST_GRACE_SECONDS: '1' },
  'privacy-service': { ASK_AGAIN_FIRST_SECONDS: '3', ASK_AGAIN_MAX_SECONDS: '10' },
};
const PATIENT_MAIL = {
  SMTP_TIMEOUT_SECONDS: '2',
  MAIL_RETRY_FIRST_SECONDS: '1',
  MAIL_RETRY_MAX_SECONDS: '5',
  OPT_IN_MAILS_FIRST_DAY: '1000000',
  OPT_IN_MAILS_MAX_PER_DAY: '1000000',
};

export interface StageOptions {
  /** Where what happens is written down. */
  readonly folder: RunFolder;
  readonly onMail: (address: string, raw: Buffer) => void;
  readonly say: (line: string) => void;
}

export async function buildStage({ folder, onMail, say }: StageOptions): Promise<Stage> {
  const undo: (() => Promise<unknown>)[] = [];
  const keep = async <T>(thing: Promise<T>, stop: (thing: T) => Promise<unknown>): Promise<T> => {
    const made = await thing;
    undo.unshift(() => stop(made));
    return made;
  };
  const stop = async (): Promise<void> => {
    for (const step of undo) await step();
  };
  try {
    const dataDir = await keep(mkdtemp(join(tmpdir(), 'contact-expunge-chaos-')), (dir) =>
      rm(dir, { recursive: true, force: true }),
    );
    const ports = { kafka: await freePort(), postgres: await freePort(), direct: await freePort() };
    const mails = await keep(MailServer.start(folder, onMail), (server) => server.stop());
    const proxyTo = (port: number): Promise<Proxy> =>
      keep(
        Proxy.start(() => port),
        (proxy) => proxy.stop(),
      );
    const network = {
      kafka: await proxyTo(ports.kafka),
      postgres: await proxyTo(ports.postgres),
      smtp: await proxyTo(mails.port),
    };
    say('starting PostgreSQL, Kafka, the mail server of everybody, proxies before them, and the four services');
    const postgres = await keep(
      startPostgres({ dataDir: join(dataDir, 'postgres'), port: ports.postgres, fsync: false }),
      (server) => server.stop(),
    );
    const kafka = await keep(
      startKafka({
        dataDir: join(dataDir, 'kafka'),
        port: ports.kafka,
        fast: true,
        log: join(dataDir, 'kafka.log'),
        properties: listeners(network.kafka.port, ports.direct),
      }),
      (broker) => broker.stop(),
    );
    const system = await keep(
      startTestSystem({
        postgres: behind(network.postgres, postgres),
        kafka: { brokers: [`127.0.0.1:${network.kafka.port}`] },
        env: {
          ...SHORT_WAITS,
          'notification-service': { ...PATIENT_MAIL, SMTP_URL: `smtp://127.0.0.1:${network.smtp.port}` },
        },
        output: () => undefined,
      }),
      (running) => running.remove(),
    );
    return { system, folder, kafka, brokers: [`127.0.0.1:${ports.direct}`], postgres, mails, network, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Clients are sent to the proxy; who only looks has a door of his own. */
function listeners(proxyPort: number, directPort: number): string[] {
  return [
    `listeners=PLAINTEXT://127.0.0.1:{PORT},DIRECT://127.0.0.1:${directPort},CONTROLLER://127.0.0.1:{CONTROLLER_PORT}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${proxyPort},DIRECT://127.0.0.1:${directPort}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  ];
}

/** The same server, with the addresses of the services' databases leading through the proxy. */
function behind(proxy: Proxy, postgres: PostgresServer): PostgresServer {
  const detour = (address: string): string => {
    const url = new URL(address);
    url.port = String(proxy.port);
    return url.href;
  };
  const createDatabases: PostgresServer['createDatabases'] = async (names, passwordsDir) => {
    const made = await postgres.createDatabases(names, passwordsDir);
    for (const name of names) {
      const database = made[name];
      made[name] = { ...database, appUrl: detour(database.appUrl), ownerUrl: detour(database.ownerUrl) };
    }
    return made;
  };
  return { ...postgres, port: postgres.port, createDatabases };
}
