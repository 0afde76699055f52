import { aclsOf } from '#contracts';
import type { Patient } from './finding.js';

/** Where a service stands in one partition that its group has read from. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  /** What the broker still has: first, and behind the last. */
  readonly low: bigint;
  readonly high: bigint;
  /** What the group has noted at the broker. */
  readonly committed: bigint;
  /** What the database itself has noted, in the transaction of the work. */
  readonly own?: bigint;
}

/** Reads the database last: who is at work moves it before the group. */
export async function readPlaces({ service, admin, db }: Patient): Promise<Place[]> {
  const existing = new Set(await admin.listTopics());
  const topics = aclsOf(service).read.filter((topic) => existing.has(topic));
  const ends = new Map<string, { low: bigint; high: bigint }>();
  const groups = await admin.fetchOffsets({ groupId: service, topics: [...topics] });
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      ends.set(`${topic}/${partition}`, { low: BigInt(low), high: BigInt(high) });
    }
  }
  const rows: { topic: string; partition: number; next_offset: string }[] = await db.query(
    'SELECT topic, partition, next_offset FROM read_position',
  );
  const own = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)]));
  return groups.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition, offset }): Place[] => {
      const place = `${topic}/${partition}`;
      const end = ends.get(place);
      if (end === undefined || BigInt(offset) < 0n) return [];
      return [{ topic, partition, ...end, committed: BigInt(offset), own: own.get(place) }];
    }),
  );
}
