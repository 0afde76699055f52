import { Inject, Injectable } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { DataSource } from 'typeorm';
import { ContactExpunged } from '#contracts';
import { assertTopicsExist } from './assert-topics-exist.js';
import { BackOff } from './back-off.js';
import { BatchRunner } from './batch-runner.js';
import { Bindings } from './bindings.js';
import { readToTheEnd } from './catch-up.js';
import { ChunkProcessor } from './chunk-processor.js';
import { consumerProblem, Crashed } from './consumer-problem.js';
import { goBack } from './go-back.js';
import { JointChunks } from './joint-chunks.js';
import { kafkaClient } from './kafka-client.js';
import { MeasureConsumer } from './measure-consumer.js';
import { MeasureMessages } from './measure-messages.js';
import { MESSAGING, MESSAGING_DATABASE, type MessagingOptions, PARTITIONS_AT_ONCE } from './options.js';
import type { KafkaRecord } from './parse-record.js';
import { safeError } from './safe-error.js';

const SESSION_TIMEOUT_MS = 10_000;
/**
 * When a member joins or leaves, nobody is given messages until all have heard of it, and they hear of it at a heartbeat,
 * which an idle consumer sends between two waits for messages: at worst both of these later.
 */
const HEARTBEAT_MS = 500;
const LONGEST_WAIT_MS = 500;
/** Some hundred messages of each partition: what waits in memory for its turn. A larger message comes alone. */
const FETCH_BYTES = 256 * 1_024;
/** A chunk may take two transactions of a minute each: as a batch, then message by message. */
const ALIVE_MS = 180_000;

/**
 * Nest transport: consumes the topics of the service's subscriptions in batches. Offsets are committed after the
 * database transaction of a chunk; what is delivered twice meanwhile is recognised by the inbox. Errors of the
 * surroundings are retried for ever, and shown by {@link problems}. After a crash of the kafkajs consumer, whatever the
 * reason, a new one is made: a consumer never stays dead while the process lives.
 */
@Injectable()
export class KafkaBatchServer extends Server implements CustomTransportStrategy {
  private stopping = new AbortController();
  private running: Promise<void> | undefined;
  private problem: string | undefined = 'consumer: starting';
  private lastBeat = Date.now();
  private readonly catchUpDone = Promise.withResolvers<void>();
  /** Settles when the consumer stands where its database does; nothing is handled before. */
  private inPlace = Promise.resolve();

  constructor(
    @Inject(MESSAGING) private readonly options: MessagingOptions,
    private readonly bindings: Bindings,
    @Inject(MESSAGING_DATABASE) private readonly db: DataSource,
    private readonly measure: MeasureMessages,
    private readonly progress: MeasureConsumer,
  ) {
    super();
  }

  /** Nest's entry: consumption begins in the background, a broker that is away is waited for. */
  listen(callback: () => void): void {
    this.start();
    callback();
  }

  async close(): Promise<void> {
    await this.stop();
  }

  start(): void {
    if (this.running) return;
    this.stopping = new AbortController();
    this.measure.expect(this.bindings.byType.values());
    this.progress.assigned(this.bindings.topics);
    if (!this.bindings.byType.has(ContactExpunged.type)) this.catchUpDone.resolve();
    this.running = this.bindings.byType.size === 0 ? this.nothingToDo() : this.run();
  }

  /** Lets the chunk under way finish, leaves the group, and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.running = undefined;
  }

  /** Why messages are not being consumed; empty when all is well. */
  problems(): string[] {
    return this.problem === undefined ? [] : [this.problem];
  }

  /**
   * Resolves once this database knows all contacts that were expunged up to now (at once for services without tombstones).
   * Until then nothing else may be begun: the database may be a restored one.
   */
  caughtUp(): Promise<void> {
    return this.catchUpDone.promise;
  }

  /** False when the consumer neither polls nor waits on purpose: only a restart of the process helps. */
  alive(): boolean {
    return this.running === undefined || Date.now() - this.lastBeat < ALIVE_MS;
  }

  override on(): void {}

  override unwrap<T>(): T {
    return this as unknown as T;
  }

  private nothingToDo(): Promise<void> {
    this.problem = undefined;
    this.lastBeat = Number.POSITIVE_INFINITY;
    return Promise.resolve();
  }

  private async run(): Promise<void> {
    const backOff = new BackOff(250, 5_000);
    while (!this.stopping.signal.aborted) {
      this.beat();
      try {
        await this.session(() => backOff.reset());
      } catch (error) {
        this.problem = `consumer: ${consumerProblem(error)}`;
        this.logger.warn({ msg: 'consuming failed and is tried again', error: safeError(error) });
        await backOff.wait(this.stopping.signal);
      }
    }
  }

  /** One consumer, from connecting to its crash (throws) or to the stop of the service (returns). */
  private async session(succeeded: () => void): Promise<void> {
    const { service } = this.options;
    const kafka = kafkaClient(service, this.options.kafka);
    const processor = new ChunkProcessor(this.db, this.bindings.byType, this.measure);
    await assertTopicsExist(kafka, this.bindings.topics);
    if (this.bindings.byType.has(ContactExpunged.type)) await this.catchUp(kafka, processor);
    if (this.stopping.signal.aborted) return;
    this.catchUpDone.resolve();
    const consumer = kafka.consumer({
      groupId: service,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: LONGEST_WAIT_MS,
      maxBytesPerPartition: FETCH_BYTES,
      retry: { retries: 3, restartOnFailure: () => Promise.resolve(false) },
    });
    const batches = new BatchRunner(new JointChunks(consumer, processor), this.progress, {
      signal: this.stopping.signal,
      beat: () => this.beat(),
      problem: (problem) => (this.problem = problem && `consumer: ${problem}`),
    });
    try {
      const ended = this.untilCrashOrStop(kafka, consumer, succeeded);
      await consumer.connect();
      await consumer.subscribe({ topics: this.bindings.topics, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch: (payload) => this.handleInPlace(batches, payload),
      });
      await ended;
    } finally {
      await consumer.disconnect().catch(() => undefined);
    }
  }

  private catchUp(kafka: Kafka, processor: ChunkProcessor): Promise<void> {
    const { signal } = this.stopping;
    const process = (records: KafkaRecord[]) => processor.process(records);
    return readToTheEnd({
      kafka,
      service: this.options.service,
      db: this.db,
      process,
      signal,
      beat: () => this.beat(),
    });
  }

  private untilCrashOrStop(kafka: Kafka, consumer: Consumer, succeeded: () => void): Promise<void> {
    const { CRASH, GROUP_JOIN, FETCH_START, FETCH, HEARTBEAT } = consumer.events;
    consumer.on(FETCH_START, () => this.beat());
    consumer.on(FETCH, () => this.progress.heard());
    consumer.on(HEARTBEAT, () => {
      this.beat();
      this.progress.heard();
    });
    const ended = new Promise<void>((resolve, reject) => {
      consumer.on(CRASH, ({ payload }) => reject(new Crashed(payload.error)));
      consumer.on(GROUP_JOIN, ({ payload }) => {
        this.inPlace = goBack({ kafka, group: payload.groupId, consumer, db: this.db }, payload.memberAssignment);
        this.inPlace.then(() => {
          this.problem = undefined;
          this.progress.assigned(this.bindings.topics);
          succeeded();
        }, reject);
      });
      if (this.stopping.signal.aborted) resolve();
      this.stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    ended.catch(() => undefined);
    return ended;
  }

  private async handleInPlace(batches: BatchRunner, payload: EachBatchPayload): Promise<void> {
    const inPlace = await this.inPlace.then(
      () => true,
      () => false,
    );
    if (inPlace) await batches.handle(payload);
  }

  private beat(): void {
    this.lastBeat = Date.now();
  }
}
