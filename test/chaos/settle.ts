import { setTimeout as pause } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { SERVICE_NAMES } from '#local';
import type { DatabaseName } from '../../apps/local/src/catalogue.js';
import type { Databases } from './databases.js';

export const databaseOf = (service: string): DatabaseName => service.replace('-', '_') as DatabaseName;

/** What is still to be done, in counts by name; empty when everything has come to rest. */
export async function unfinished(databases: Databases, brokers: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const count = async (name: string, database: DatabaseName, sql: string): Promise<void> => {
    const n = await databases.number(database, sql);
    if (n > 0) counts.set(name, n);
  };
  for (const service of SERVICE_NAMES) {
    await count(`outbox of ${service}`, databaseOf(service), 'SELECT count(*) FROM outbox');
  }
  for (const [name, database, sql] of OPEN_WORK) await count(name, database, sql);
  for (const [group, lag] of await lagOf(brokers)) if (lag > 0) counts.set(`lag of ${group}`, lag);
  return counts;
}

const OPEN_WORK: readonly (readonly [string, DatabaseName, string])[] = [
  ['imports under way', 'contact_service', `SELECT count(*) FROM import WHERE state = 'running'`],
  ['contacts being removed', 'contact_service', `SELECT count(*) FROM contact WHERE state = 'expunging'`],
  [
    'silent contacts still there',
    'contact_service',
    `SELECT count(*) FROM contact WHERE source = 'import' AND consent = 'none'`,
  ],
  ['timers', 'workflow_service', 'SELECT count(*) FROM timer'],
  ['mails under way', 'notification_service', 'SELECT count(*) FROM mail'],
  ['requests without all evidence', 'privacy_service', `SELECT count(*) FROM expunge_request WHERE state = 'erasing'`],
  [
    'confirmations without an answer',
    'privacy_service',
    `SELECT count(*) FROM expunge_request WHERE state = 'expunged' AND email_id IS NOT NULL AND NOT confirmation_failed`,
  ],
];

/** How many records each service has not read yet. */
async function lagOf(brokers: readonly string[]): Promise<Map<string, number>> {
  const admin = new Kafka({ clientId: 'checker', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const lag = new Map<string, number>();
    for (const groupId of SERVICE_NAMES) {
      const read = await admin.fetchOffsets({ groupId });
      const behind = await Promise.all(read.map((topic) => unreadOf(admin, topic)));
      lag.set(
        groupId,
        behind.reduce((sum, n) => sum + n, 0),
      );
    }
    return lag;
  } finally {
    await admin.disconnect();
  }
}

interface ReadSoFar {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

async function unreadOf(admin: Admin, { topic, partitions }: ReadSoFar): Promise<number> {
  const ends = await admin.fetchTopicOffsets(topic);
  const endOf = new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
  // -1: nothing was committed yet, so all of it is unread.
  const unread = partitions.map(({ partition, offset }) => (endOf.get(partition) ?? 0) - Math.max(0, Number(offset)));
  return unread.reduce((sum, n) => sum + n, 0);
}

/** Waits until there is nothing left to be done, or nothing more happens; tells what is missing meanwhile. */
export async function settle(
  databases: Databases,
  brokers: readonly string[],
  { limitMs, say }: { limitMs: number; say: (line: string) => void },
): Promise<void> {
  const deadline = Date.now() + limitMs;
  let told = Date.now();
  for (let quiet = 0; quiet < 2 && Date.now() < deadline;) {
    await pause(1_000);
    const open = await unfinished(databases, brokers).catch(() => new Map([['a look at it', 1]]));
    quiet = open.size === 0 ? quiet + 1 : 0;
    if (open.size === 0 || Date.now() - told < 5_000) continue;
    told = Date.now();
    say(`waiting for ${[...open].map(([name, n]) => `${n} ${name}`).join(', ')}`);
  }
}
