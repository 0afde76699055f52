import kafkajs, { type Consumer, type EachBatchPayload, type KafkaMessage, type Producer } from 'kafkajs';
import type pg from 'pg';
import { connect } from './database.js';

/** A message as it is read. */
export interface Message {
  readonly id: string;
  readonly type: string;
  readonly traceparent: string;
  // Nothing is checked, so nothing is known.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
}

const CHUNK = 500;
const { Kafka, logLevel } = kafkajs;
const kafka = new Kafka({
  clientId: 'speed-of-light',
  brokers: process.env.KAFKA_BROKERS!.split(','),
  logLevel: logLevel.ERROR,
});

export async function newProducer(): Promise<Producer> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}

/** Chunk by chunk, in one transaction each: the ids into the inbox, the work, the position; then the offsets. */
export async function consume(
  groupId: string,
  topics: string[],
  work: (db: pg.Client, messages: Message[]) => Promise<void>,
  committed: () => void,
): Promise<void> {
  const db = await connect();
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 2_000,
    maxWaitTimeInMs: 1_000,
  });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      const { messages } = payload.batch;
      for (let from = 0; from < messages.length; from += CHUNK) {
        await handle(db, consumer, payload, messages.slice(from, from + CHUNK), work);
        committed();
      }
    },
  });
  await joined;
  process.stdout.write('ready\n');
}

async function handle(
  db: pg.Client,
  consumer: Consumer,
  { batch: { topic, partition }, resolveOffset, heartbeat }: EachBatchPayload,
  chunk: readonly KafkaMessage[],
  work: (db: pg.Client, messages: Message[]) => Promise<void>,
): Promise<void> {
  const messages = chunk.map(toMessage);
  const last = chunk.at(-1)!.offset;
  const next = String(BigInt(last) + 1n);
  await db.query('BEGIN');
  await db.query('INSERT INTO inbox (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING', [
    messages.map(({ id }) => id),
  ]);
  await work(db, messages);
  await db.query(
    `INSERT INTO read_position (topic, partition, next_offset) VALUES ($1, $2, $3)
     ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset`,
    [topic, partition, next],
  );
  await db.query('COMMIT');
  resolveOffset(last);
  await consumer.commitOffsets([{ topic, partition, offset: next }]);
  await heartbeat();
}

function toMessage({ headers, value }: KafkaMessage): Message {
  const header = (name: string): string => headers![name]!.toString();
  const data: unknown = JSON.parse(value!.toString());
  return { id: header('ce_id'), type: header('ce_type'), traceparent: header('traceparent'), data };
}
