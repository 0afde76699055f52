import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs';
import { TOPICS } from '#contracts';
import { type Databases, leftOf } from './databases.js';
import type { RunFolder } from './run-folder.js';

/** A record as it stands in its topic. */
export interface Seen {
  readonly topic: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly value: string;
}

/** On records that the run has published itself. */
export const COPY_HEADER = 'x-copy';
const KEPT = 5_000;

/**
 * Reads along on every topic. At each ContactExpunged it looks into the databases at once; it can say every message a second
 * time as it comes; and it keeps the last ones, to be said again.
 */
export class Observer {
  /** Contacts of whom other systems were told. */
  readonly expunged = new Set<string>();
  readonly recent: Seen[] = [];
  doubling = false;
  private readonly kafka: Kafka;
  private readonly groupId = `observer-${randomUUID()}`;
  private producer: Producer | undefined;
  private consumer: Consumer | undefined;
  private stopping = false;
  private running: Promise<void> | undefined;

  constructor(
    brokers: string[],
    private readonly databases: Databases,
    private readonly folder: RunFolder,
  ) {
    this.kafka = new Kafka({ clientId: 'observer', brokers, logLevel: logLevel.NOTHING });
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.consumer?.disconnect().catch(() => undefined);
    await this.producer?.disconnect().catch(() => undefined);
    await this.running;
  }

  /** Publishes, marked as a copy; again until the broker has it. */
  async publish(records: readonly Seen[]): Promise<void> {
    const topicMessages = [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, messages]) => ({
      topic,
      messages: messages.map(({ key, headers, value }) => ({
        key,
        value,
        headers: { ...headers, [COPY_HEADER]: '1' },
      })),
    }));
    while (!this.stopping) {
      try {
        this.producer ??= await this.connected();
        await this.producer.sendBatch({ topicMessages });
        return;
      } catch {
        await this.producer?.disconnect().catch(() => undefined);
        this.producer = undefined;
        await pause(500);
      }
    }
  }

  private async connected(): Promise<Producer> {
    const producer = this.kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  }

  /** A consumer that gives up while the broker is away is made anew. */
  private async run(): Promise<void> {
    while (!this.stopping) {
      await this.session().catch(() => undefined);
      await pause(500);
    }
  }

  private async session(): Promise<void> {
    const consumer = this.kafka.consumer({ groupId: this.groupId, maxWaitTimeInMs: 200, sessionTimeout: 10_000 });
    this.consumer = consumer;
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: Object.keys(TOPICS), fromBeginning: true });
      const crashed = new Promise((resolve) => {
        consumer.on(consumer.events.CRASH, resolve);
        consumer.on(consumer.events.DISCONNECT, resolve);
      });
      await consumer.run({
        partitionsConsumedConcurrently: 4,
        eachBatch: async ({ batch: { topic, messages } }) => {
          await this.look(
            messages.map(({ key, headers = {}, value }) => ({
              topic,
              key: String(key),
              headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
              value: value?.toString() ?? '',
            })),
          );
        },
      });
      await crashed;
    } finally {
      await consumer.disconnect().catch(() => undefined);
    }
  }

  private async look(records: readonly Seen[]): Promise<void> {
    const originals = records.filter(({ headers }) => headers[COPY_HEADER] === undefined);
    const expunged = originals.filter(({ topic }) => topic === 'contact.expunged').map(({ key }) => key);
    if (expunged.length > 0) await this.sight(expunged);
    this.recent.push(...originals);
    this.recent.splice(0, Math.max(0, this.recent.length - KEPT));
    if (!this.doubling) return;
    // One half to be recognised by its id, the other by what it says.
    await this.publish(originals.map((record, n) => (n % 2 === 0 ? record : renamed(record))));
  }

  private async sight(contactIds: readonly string[]): Promise<void> {
    const left = await leftOf(this.databases, contactIds);
    for (const contactId of contactIds) {
      this.folder.note('sightings', { at: Date.now(), contactId, left: left.get(contactId) ?? [] });
      this.expunged.add(contactId);
    }
  }
}

/** The same, as another message. */
export const renamed = (record: Seen): Seen => ({ ...record, headers: { ...record.headers, ce_id: randomUUID() } });
