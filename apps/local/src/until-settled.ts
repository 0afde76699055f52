import { type Admin, Kafka, logLevel } from 'kafkajs';
import { SERVICE_NAMES } from './catalogue.js';
import { connected } from './databases.js';
import type { LocalSystem } from './system.js';
import { waitUntil } from './wait-until.js';

type Settling = Pick<LocalSystem, 'brokers' | 'databases'>;

/**
 * Returns when nothing is on its way any more: no message waits to be published or to be read, no timer is due, no removal
 * begun and not answered. Seen twice, with nothing published in between, since what was just read may still be answered.
 */
export async function untilSettled(system: Settling, timeoutMs = 60_000): Promise<void> {
  const admin = new Kafka({ clientId: 'settled', brokers: system.brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  let before: string | undefined;
  const look = async (): Promise<true | undefined> => {
    const ends = (await allIsRead(admin)) && (await nothingIsOpen(system)) ? await endsOf(admin) : undefined;
    const settled = ends !== undefined && ends === before;
    before = ends;
    return settled || undefined;
  };
  try {
    await waitUntil(look, { what: 'nothing is on its way any more', timeoutMs, everyMs: 200 });
  } finally {
    await admin.disconnect();
  }
}

async function allIsRead(admin: Admin): Promise<boolean> {
  for (const groupId of SERVICE_NAMES) {
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
      const ends = await admin.fetchTopicOffsets(topic);
      const behind = partitions.some(({ partition, offset }) => {
        const end = ends.find((one) => one.partition === partition)?.high ?? '0';
        return BigInt(offset) < 0n ? BigInt(end) > 0n : BigInt(offset) < BigInt(end);
      });
      if (behind) return false;
    }
  }
  return true;
}

/** How far everything that was ever said goes. */
async function endsOf(admin: Admin): Promise<string> {
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__')).sort();
  return JSON.stringify(await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic))));
}

async function nothingIsOpen({ databases }: Settling): Promise<boolean> {
  for (const [name, { appUrl }] of Object.entries(databases)) {
    const open = ['SELECT FROM outbox', ...(OPEN[name] ?? [])].map((look) => `EXISTS (${look})`).join(' OR ');
    const [row] = await connected(appUrl, async (db) => {
      await db.query(`SELECT set_config('app.tenant_id', 'all', false)`);
      return (await db.query<{ open: boolean }>(`SELECT ${open} AS open`)).rows;
    });
    if (row?.open !== false) return false;
  }
  return true;
}

const OPEN: Readonly<Record<string, readonly string[]>> = {
  contact_service: [`SELECT FROM contact WHERE state = 'expunging'`],
  workflow_service: ['SELECT FROM timer WHERE due_at <= now()'],
  notification_service: ['SELECT FROM mail'],
};
