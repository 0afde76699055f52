import { Logger } from '@nestjs/common';
import type { Admin, Consumer, Kafka } from 'kafkajs';
import type { DataSource } from 'typeorm';

interface GoBack {
  readonly kafka: Kafka;
  readonly group: string;
  readonly consumer: Consumer;
  readonly db: DataSource;
}

/** What a consumer was given when it joined: partitions by topic. */
type Assignment = Readonly<Record<string, readonly number[]>>;

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

const logger = new Logger('messages');

/**
 * Takes a consumer that has just joined back to where its database stands, in partitions in which the group has come
 * further: the database was restored from a backup, and what it had handled since is handled again. Never forward: what is
 * ahead is recognised by the inbox. Nothing may be handled before this resolves.
 */
export async function goBack({ kafka, group, consumer, db }: GoBack, assignment: Assignment): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    // The group's position before the database's: whoever is still at work moves the database first.
    const committed = await committedPlaces(admin, group, assignment);
    const behind = await placesBehind(db, committed);
    for (const { topic, partition, offset } of await whatIsLeft(admin, behind)) {
      consumer.seek({ topic, partition, offset: String(offset) });
    }
    if (behind.length > 0) {
      logger.warn({ msg: 'the database is older than its group: going back', partitions: behind.length });
    }
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function committedPlaces(admin: Admin, groupId: string, assignment: Assignment): Promise<Place[]> {
  const topics = await admin.fetchOffsets({ groupId, topics: Object.keys(assignment) });
  const places = topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
  );
  // -1: nothing was ever committed.
  return places.filter(({ topic, partition, offset }) => offset > 0n && assignment[topic]?.includes(partition));
}

/** Where the database stands, of those places it has not come to; a partition it knows nothing of is read from its beginning. */
async function placesBehind(db: DataSource, committed: readonly Place[]): Promise<Place[]> {
  const rows: { topic: string; partition: number; next_offset: string }[] = await db.query(
    'SELECT topic, partition, next_offset FROM read_position',
  );
  const known = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)]));
  return committed.flatMap(({ topic, partition, offset }) => {
    const own = known.get(`${topic}/${partition}`) ?? 0n;
    return own < offset ? [{ topic, partition, offset: own }] : [];
  });
}

/** The same places, or the beginning where retention has removed them. */
async function whatIsLeft(admin: Admin, places: readonly Place[]): Promise<Place[]> {
  const low = new Map<string, bigint>();
  for (const topic of new Set(places.map((place) => place.topic))) {
    for (const one of await admin.fetchTopicOffsets(topic)) low.set(`${topic}/${one.partition}`, BigInt(one.low));
  }
  return places.map((place) => {
    const first = low.get(`${place.topic}/${place.partition}`) ?? 0n;
    if (place.offset >= first) return place;
    const { topic, partition } = place;
    logger.error({ msg: 'the database is older than what its topic keeps: messages are lost', topic, partition });
    return { topic, partition, offset: first };
  });
}
