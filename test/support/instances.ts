import { join } from 'node:path';
import { AssignerProtocol, Kafka, logLevel } from 'kafkajs';
import { freePort, SERVICE_NAMES, type ServiceName, type ServiceProcess, startService, waitUntilReady } from '#local';
import { connected } from '../../apps/local/src/databases.js';
import { mainOf } from '../../apps/local/src/catalogue.js';
import type { TestSystem } from './test-system.js';

const READY_MS = 90_000;
/** Of libs/messaging/src/relay.ts. */
const RELAY_LOCK = 7_331_001;

/** One more process of a service of a running system. */
export interface Instance extends ServiceProcess {
  readonly service: ServiceName;
  readonly url: string;
}

export interface InstanceOptions {
  /** Another program than the service as it is. */
  readonly main?: string;
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly onLine?: (line: string) => void;
}

let started = 0;

/** Starts one more process of a service, beside those there are, and returns when it is ready. The caller stops it. */
export async function startInstance(
  system: TestSystem,
  service: ServiceName,
  { main = mainOf(service), args, env = {}, onLine }: InstanceOptions = {},
): Promise<Instance> {
  const [http, bounces] = [await freePort(), await freePort()];
  const ports: Record<string, string> = { HTTP_PORT: String(http) };
  if (service === 'notification-service') ports.BOUNCE_SMTP_PORT = String(bounces);
  const name = `${service}-${(started += 1)}`;
  const logFile = join(system.logDir, `${name}.log`);
  const process = await startService({
    name,
    main,
    args,
    logFile,
    onLine,
    env: { ...system.env[service], ...ports, ...env },
  });
  const url = `http://127.0.0.1:${http}`;
  try {
    await waitUntilReady(name, url, { timeoutMs: READY_MS, see: logFile });
  } catch (error) {
    await process.kill('SIGKILL');
    throw error;
  }
  return { ...process, service, url };
}

/** One more of each service. */
export function oneMoreOfEach(system: TestSystem): Promise<Instance[]> {
  return Promise.all(SERVICE_NAMES.map((service) => startInstance(system, service)));
}

/** What each member of a consumer group reads, as the broker says it: `topic|partition`. */
export async function partitionsOf(brokers: string[], groupId: string): Promise<string[][]> {
  const admin = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return groups.flatMap(({ members }) => members.map(({ memberAssignment }) => placesIn(memberAssignment)));
  } finally {
    await admin.disconnect();
  }
}

function placesIn(assignment: Buffer): string[] {
  // A member that has only just joined has none yet.
  if (assignment.length === 0) return [];
  const topics = Object.entries(AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {});
  return topics.flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}|${partition}`));
}

/** How many sessions hold the lock of the relay, by database. */
export async function relaysByDatabase(system: TestSystem): Promise<Record<string, number>> {
  const rows = await rowsOf<{ name: string; count: number }>(
    system,
    'postgres',
    `SELECT datname AS name, count(*)::int AS count FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
     WHERE locktype = 'advisory' AND objid = $1 AND granted GROUP BY datname`,
    [RELAY_LOCK],
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** Rows of any database, of all tenants. */
export async function rowsOf<Row extends object>(
  { postgres }: TestSystem,
  database: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const url = new URL(postgres!.superuserUrl);
  url.pathname = `/${database}`;
  return connected(url.href, async (db) => (await db.query<Row>(sql, [...values])).rows);
}
