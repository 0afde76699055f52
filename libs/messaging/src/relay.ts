import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Producer, TopicMessages } from 'kafkajs';
import { DataSource, type EntitySubscriberInterface, type QueryRunner } from 'typeorm';
import { BackOff } from './back-off.js';
import { brokerProblem } from './broker-problem.js';
import { failPoint } from './fail-point.js';
import { kafkaClient } from './kafka-client.js';
import { keyPartitioner } from './key-partitioner.js';
import { spansOfPublishing } from './message-spans.js';
import { MESSAGING, MESSAGING_DATABASE, type MessagingOptions } from './options.js';
import { OUTBOX_WRITTEN } from './outbox.js';
import { safeError } from './safe-error.js';

/** One lock per database: relays of other instances wait for it. */
export const RELAY_LOCK = 7_331_001;
const MAX_ROWS = 2_000;
/** Below the broker's limit of a record batch (1 MiB), because all rows of a send may fall into one partition. */
const MAX_BYTES = 950_000;
const SEND_TIME_LIMIT_MS = 30_000;
const POLL_FIRST_MS = 25;
const POLL_MAX_MS = 250;
const WOKEN = Symbol('woken');

interface OutboxRow {
  readonly seq: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly data: string;
}

/**
 * Publishes the outbox: at least once, and per key in the order of `seq`. Only one relay per database works at a time
 * (session advisory lock): several with SKIP LOCKED would lose the order. One send is in flight at a time; rows are
 * deleted after the broker has acknowledged them. A broker or database that is away is waited for, for ever.
 */
@Injectable()
export class Relay {
  private readonly logger = new Logger('relay');
  private stopping = new AbortController();
  private running: Promise<void> | undefined;
  private wakeUp = new AbortController();
  private problem: string | undefined;
  private holdsLock = false;

  constructor(
    @Inject(MESSAGING) private readonly options: MessagingOptions,
    @Inject(MESSAGING_DATABASE) private readonly db: DataSource,
    private readonly requests: DataSource,
  ) {}

  /** Begins in the background. */
  start(): void {
    if (this.running) return;
    for (const db of new Set([this.db, this.requests])) db.subscribers.push(new WakeAfterCommit(this));
    this.stopping = new AbortController();
    this.running = this.run();
  }

  /** Publishes what is committed by now, if the broker is there, and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
    this.running = undefined;
  }

  /** There is something to publish. */
  wake(): void {
    // With a reason, because without one an error with a stack is made each time.
    this.wakeUp.abort(WOKEN);
  }

  /** Why messages are not being published; empty when all is well or another instance does it. */
  problems(): string[] {
    return this.problem === undefined ? [] : [this.problem];
  }

  /** Whether this process publishes; one at a time does for each database. */
  get leading(): boolean {
    return this.holdsLock;
  }

  private async run(): Promise<void> {
    const backOff = new BackOff(250, 10_000);
    while (!this.stopping.signal.aborted) {
      try {
        await this.session(() => backOff.reset());
      } catch (error) {
        this.problem = `relay: messages wait in the outbox, ${brokerProblem(error) ?? 'broker or database is away'}`;
        this.logger.warn({ msg: 'publishing failed and is tried again', error: safeError(error) });
        await backOff.wait(this.stopping.signal);
      }
    }
  }

  /** One connection, one lock, one producer; after any error all three are given up and made anew. */
  private async session(succeeded: () => void): Promise<void> {
    const connection = this.db.createQueryRunner();
    const producer = kafkaClient(`${this.options.service}-relay`, this.options.kafka).producer({
      idempotent: true,
      createPartitioner: keyPartitioner,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 3 },
    });
    try {
      if (!(await this.waitForLock(connection))) return;
      this.holdsLock = true;
      await producer.connect();
      this.problem = undefined;
      await this.publishUntilStopped(connection, producer, succeeded);
      await connection.query('SELECT pg_advisory_unlock($1)', [RELAY_LOCK]);
    } finally {
      this.holdsLock = false;
      await Promise.allSettled([producer.disconnect(), discard(connection)]);
    }
  }

  private async waitForLock(connection: QueryRunner): Promise<boolean> {
    const backOff = new BackOff(1_000, 1_000);
    while (!this.stopping.signal.aborted) {
      const [row]: { locked: boolean }[] = await connection.query('SELECT pg_try_advisory_lock($1) AS locked', [
        RELAY_LOCK,
      ]);
      if (row?.locked) return true;
      this.problem = undefined;
      await backOff.wait(this.stopping.signal);
    }
    return false;
  }

  private async publishUntilStopped(connection: QueryRunner, producer: Producer, succeeded: () => void): Promise<void> {
    const poll = new BackOff(POLL_FIRST_MS, POLL_MAX_MS);
    for (;;) {
      this.wakeUp = new AbortController();
      // Asked before looking: a look that began earlier may have missed what was committed before the stop.
      const lastLook = this.stopping.signal.aborted;
      const published = await publishNext(connection, producer);
      succeeded();
      if (published > 0) poll.reset();
      else if (lastLook) return;
      else await poll.wait(this.wakeUp.signal);
      if (this.wakeUp.signal.aborted) poll.reset();
    }
  }
}

/** Sends the oldest rows, bounded by count and bytes, and deletes them. Returns how many there were. */
async function publishNext(connection: QueryRunner, producer: Producer): Promise<number> {
  const rows: OutboxRow[] = await connection.query(
    `SELECT seq, topic, key, headers, data FROM (
       SELECT *, sum(octet_length(data) + octet_length(headers::text)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS n
       FROM (SELECT * FROM outbox ORDER BY seq LIMIT $1) AS oldest
     ) AS sized WHERE bytes <= $2 OR n = 1 ORDER BY seq`,
    [MAX_ROWS, MAX_BYTES],
  );
  if (rows.length === 0) return 0;
  failPoint('relay.read');
  const acknowledged = spansOfPublishing(rows);
  await withTimeLimit(producer.sendBatch({ acks: -1, timeout: 10_000, topicMessages: byTopic(rows) }));
  acknowledged();
  failPoint('relay.sent');
  await connection.query('DELETE FROM outbox WHERE seq = ANY($1::bigint[])', [rows.map((row) => row.seq)]);
  failPoint('relay.deleted');
  return rows.length;
}

function byTopic(rows: readonly OutboxRow[]): TopicMessages[] {
  const topics = Map.groupBy(rows, (row) => row.topic);
  return [...topics].map(([topic, messages]) => ({
    topic,
    messages: messages.map(({ key, headers, data }) => ({ key, headers, value: data })),
  }));
}

/** kafkajs may wait for ever for a producer whose state the broker has lost; a new one is then made. */
async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('send time limit')), SEND_TIME_LIMIT_MS);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** Hands the connection back to the pool without any lock of ours; a broken one is thrown away by the pool. */
async function discard(connection: QueryRunner): Promise<void> {
  await connection.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  await connection.release();
}

/** Wakes the relay as soon as a transaction that wrote to the outbox has committed. */
class WakeAfterCommit implements EntitySubscriberInterface {
  constructor(private readonly relay: Relay) {}

  afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): void {
    if (queryRunner.data[OUTBOX_WRITTEN] !== true) return;
    failPoint('outbox.committed');
    this.relay.wake();
  }
}
