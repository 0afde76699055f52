/** Carries what the two services say to each other as Kafka would: in order for each key of a topic, and for nothing more. */
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { AskAgain, TOPICS, type TopicName } from '#contracts';
import { Bindings } from '../../libs/messaging/src/bindings.js';
import { ChunkProcessor } from '../../libs/messaging/src/chunk-processor.js';
import type { TestService } from '../support/test-service.js';
import type { Reader } from './history.js';

export interface Letter {
  readonly topic: TopicName;
  readonly key: string;
  readonly type: string;
  readonly headers: Record<string, string>;
  readonly data: Record<string, unknown>;
  /** Milliseconds that had been passed over when it was written: a step of the clock makes times in letters older too. */
  readonly writtenAt: number;
}

const PARTITIONS = 2;
const RECENT = 80;

const idFor = (to: Reader, { headers }: Letter): string => `${to} ${headers.ce_id}`;

export class Bus {
  private readonly queues = new Map<string, Letter[]>();
  private readonly delivered: { to: Reader; letter: Letter }[] = [];
  private readonly known = new Set<string>();
  private offset = 0;

  constructor(
    private readonly services: Readonly<Record<Reader, TestService>>,
    /** Milliseconds that were passed over so far. */
    private readonly passed: () => number,
    /** Which contact of the history it is: ids are new each time a history is played. */
    private readonly numberOf: (key: string) => number,
  ) {}

  /** Takes what both have said since; of several contacts in an order that is the same each time a history is played. */
  async collect(): Promise<Letter[]> {
    const taken = Object.values(this.services).map(({ db }) => takeOutbox(db, this.passed()));
    return (await Promise.all(taken)).flat().sort((a, b) => this.numberOf(a.key) - this.numberOf(b.key));
  }

  /** It waits in the queues of those who read it. */
  post(letter: Letter, to = Object.keys(this.services) as Reader[]): void {
    for (const reader of to) {
      if ((TOPICS[letter.topic].readers as readonly string[]).includes(reader))
        this.queueOf(reader, letter).push(letter);
    }
  }

  write(type: { readonly type: string; readonly version: number; readonly topic: TopicName }, data: object): Letter {
    const { contactId: key } = data as { contactId: string };
    const headers = {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_type: `${type.type}.v${type.version}`,
      ce_source: 'test',
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    };
    return { topic: type.topic, key, type: type.type, headers, data: { ...data }, writtenAt: this.passed() };
  }

  /** Takes the first letters of each partition of a topic out of a reader's queue. */
  take(reader: Reader, topic: TopicName, share = 1): Letter[][] {
    const chunks = Array.from({ length: PARTITIONS }, (_, partition) => {
      const queue = this.queues.get([reader, topic, partition].join()) ?? [];
      return queue.splice(0, Math.ceil(queue.length * share));
    });
    return chunks.filter((chunk) => chunk.length > 0);
  }

  /** Hands letters of one partition to a service as its consumer would. Returns how many it could not handle. */
  async deliver(to: Reader, letters: readonly Letter[]): Promise<number> {
    const { app } = this.services[to];
    const processor = new ChunkProcessor(app.get(DataSource), app.get(Bindings).byType);
    const { parked } = await processor.process(letters.map((letter) => this.toRecord(letter)));
    this.delivered.push(...letters.map((letter) => ({ to, letter })));
    for (const letter of letters) this.known.add(idFor(to, letter));
    return parked;
  }

  /** Not yet delivered under this id; a service takes no notice of the others. */
  isNews(to: Reader, letter: Letter): boolean {
    return !this.known.has(idFor(to, letter));
  }

  /**
   * Letters that were delivered not long before, to be delivered again. AskAgain only as the same: said once more it is about
   * another address, to which nothing was sent yet.
   */
  again(picks: readonly number[], sameId: boolean): { to: Reader; letter: Letter }[] {
    const count = this.delivered.length;
    if (count === 0) return [];
    return picks.map((pick) => {
      const { to, letter } = this.delivered[count - 1 - (pick % Math.min(count, RECENT))]!;
      const headers =
        sameId || letter.type === AskAgain.type ? letter.headers : { ...letter.headers, ce_id: randomUUID() };
      return { to, letter: { ...letter, headers } };
    });
  }

  get isEmpty(): boolean {
    return [...this.queues.values()].every((queue) => queue.length === 0);
  }

  private queueOf(reader: Reader, { topic, key }: Letter): Letter[] {
    const name = [reader, topic, this.partitionOf(key)].join();
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    return queue;
  }

  private partitionOf(key: string): number {
    return this.numberOf(key) % PARTITIONS;
  }

  private toRecord({ topic, key, headers, data, writtenAt }: Letter) {
    const at = typeof data.at === 'string' ? { at: timeNow(data.at, this.passed() - writtenAt) } : {};
    const value = Buffer.from(JSON.stringify({ ...data, ...at }));
    return { topic, partition: this.partitionOf(key), offset: String(this.offset++), key, headers, value };
  }
}

const timeNow = (at: string, passedSince: number): string => new Date(Date.parse(at) - passedSince).toISOString();

interface OutboxRow {
  readonly topic: TopicName;
  readonly key: string;
  readonly type: string;
  readonly headers: Record<string, string>;
  readonly data: string;
}

async function takeOutbox(db: DataSource, writtenAt: number): Promise<Letter[]> {
  const rows: OutboxRow[] = await db.query(
    `WITH taken AS (DELETE FROM outbox RETURNING seq, topic, key, type, headers, data)
     SELECT topic, key, type, headers, data FROM taken ORDER BY seq`,
  );
  return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as Record<string, unknown>, writtenAt }));
}
