import { Kafka, logLevel } from 'kafkajs';

export interface ReadMessage {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly type: string;
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly value: string;
}

/** Every record of the given topics (all of them unless told), from the beginning to the present end. */
export async function readTopics(brokers: string[], wanted?: string[]): Promise<ReadMessage[]> {
  const kafka = new Kafka({ clientId: 'reader', brokers, logLevel: logLevel.NOTHING });
  const ends = await endsOf(kafka, wanted);
  const messages: ReadMessage[] = [];
  const missing = new Set(ends.keys());
  if (missing.size === 0) return messages;
  const consumer = kafka.consumer({ groupId: `reader-${process.pid}-${performance.now()}`, maxWaitTimeInMs: 200 });
  try {
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set([...ends.keys()].map((place) => place.split('|')[0]!))],
      fromBeginning: true,
    });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        // A new broker may still be loading its groups: kafkajs starts again by itself.
        if (!payload.restart) reject(payload.error);
      });
      const eachBatch = ({
        batch,
      }: {
        batch: { topic: string; partition: number; messages: KafkaMessages; lastOffset(): string };
      }): Promise<void> => {
        const { topic, partition } = batch;
        messages.push(...batch.messages.map((message) => toMessage(topic, partition, message)));
        const place = `${topic}|${partition}`;
        if (BigInt(batch.lastOffset()) + 1n >= (ends.get(place) ?? 0n)) missing.delete(place);
        if (missing.size === 0) resolve();
        return Promise.resolve();
      };
      consumer.run({ autoCommit: false, eachBatch: eachBatch as never }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

type KafkaMessages = { key: Buffer | null; value: Buffer | null; headers?: Record<string, unknown> }[];

function toMessage(
  topic: string,
  partition: number,
  { key, value, headers: raw = {} }: KafkaMessages[number],
): ReadMessage {
  const headers = Object.fromEntries(Object.entries(raw).map(([name, header]) => [name, String(header)]));
  const about = { type: headers.ce_type ?? '', id: headers.ce_id ?? '', headers };
  return { topic, partition, key: String(key), value: value === null ? '' : value.toString('utf8'), ...about };
}

async function endsOf(kafka: Kafka, wanted?: string[]): Promise<Map<string, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  const topics = wanted ?? (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  const ends = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) ends.set(`${topic}|${partition}`, BigInt(high));
    }
  }
  await admin.disconnect();
  return ends;
}
