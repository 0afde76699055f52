import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
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
    const ends = new Map<string, Map<number, bigint>>();
    for (const groupId of SERVICE_NAMES) {
      let behind = 0n;
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
        const known = ends.get(topic) ?? new Map<number, bigint>();
        if (known.size === 0) {
          for (const { partition, high } of await admin.fetchTopicOffsets(topic)) known.set(partition, BigInt(high));
          ends.set(topic, known);
        }
        // -1: nothing was committed yet, so all of it is unread.
        for (const { partition, offset } of partitions) {
          const read = BigInt(offset) < 0n ? 0n : BigInt(offset);
          behind += (known.get(partition) ?? 0n) - read;
        }
      }
      lag.set(groupId, Number(behind));
    }
    return lag;
  } finally {
    await admin.disconnect();
  }
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
