import { randomUUID } from 'node:crypto';
import type { Consumer, Kafka } from 'kafkajs';
import type { DataSource } from 'typeorm';
import { catchUpGroup, ContactExpunged } from '#contracts';
import { failPoint } from './fail-point.js';
import type { KafkaRecord } from './parse-record.js';

interface CatchUp {
  readonly kafka: Kafka;
  readonly service: string;
  readonly db: DataSource;
  readonly process: (records: KafkaRecord[]) => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly beat: () => void;
}

interface Span {
  next: bigint;
  readonly end: bigint;
}

/**
 * Reads the public record of expunged contacts from where this database stands to its present end, before anything else
 * is consumed. The position is the database's own, not the consumer group's: a database restored from a backup, or a new
 * one, so learns of every contact that must not come back.
 */
export async function readToTheEnd(work: CatchUp): Promise<void> {
  const spans = await unreadSpans(work);
  if (spans.size === 0) return;
  // A group of its own, without committed offsets: every instance reads all partitions.
  const consumer = work.kafka.consumer({
    groupId: `${catchUpGroup(work.service)}${randomUUID()}`,
    retry: { retries: 3, restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: ContactExpunged.topic, fromBeginning: true });
    await readSpans(consumer, spans, work);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}

async function unreadSpans({ kafka, db }: CatchUp): Promise<Map<number, Span>> {
  const offsets = await topicOffsets(kafka);
  const positions: { partition: number; next_offset: string }[] = await db.query(
    'SELECT partition, next_offset FROM read_position WHERE topic = $1',
    [ContactExpunged.topic],
  );
  const readUpTo = new Map(positions.map((row) => [row.partition, BigInt(row.next_offset)]));
  const spans = offsets.map(({ partition, low, high }): [number, Span] => {
    const known = readUpTo.get(partition) ?? 0n;
    // A position beyond the end means another topic under this name: read it whole.
    const next = known > BigInt(high) || known < BigInt(low) ? BigInt(low) : known;
    return [partition, { next, end: BigInt(high) }];
  });
  return new Map(spans.filter(([, span]) => span.next < span.end));
}

async function topicOffsets(kafka: Kafka): Promise<{ partition: number; low: string; high: string }[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await admin.fetchTopicOffsets(ContactExpunged.topic);
  } finally {
    await admin.disconnect();
  }
}

async function readSpans(consumer: Consumer, spans: Map<number, Span>, work: CatchUp): Promise<void> {
  const topic = ContactExpunged.topic;
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // Also for batches without messages, of which eachBatch does not hear (markers of another system's transactions).
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const span = spans.get(payload.partition);
      if (!span) return;
      work.beat();
      const next = BigInt(payload.lastOffset) + 1n;
      if (next > span.next) span.next = next;
      if (span.next >= span.end) spans.delete(payload.partition);
      if (spans.size === 0) resolve();
    });
    if (work.signal.aborted) resolve();
    work.signal.addEventListener('abort', () => resolve(), { once: true });
    const running = consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const span = spans.get(batch.partition);
        if (!span || work.signal.aborted) return;
        // The first fetch may be under way, from the beginning, before the seek below.
        const unread = batch.messages.filter(({ offset }) => BigInt(offset) >= span.next);
        const records = unread.map(({ offset, key, headers, value }): KafkaRecord => {
          return { topic, partition: batch.partition, offset, key: key?.toString() ?? '', headers, value };
        });
        await work.process(records).catch(reject);
        failPoint('catch-up.read');
      },
    });
    running
      .then(() => {
        for (const [partition, span] of spans) consumer.seek({ topic, partition, offset: String(span.next) });
      })
      .catch(reject);
  });
}
