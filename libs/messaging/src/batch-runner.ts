import { Logger } from '@nestjs/common';
import type { EachBatchPayload } from 'kafkajs';
import { BackOff } from './back-off.js';
import { CHUNK, type Handled, type JointChunks } from './joint-chunks.js';
import type { MeasureConsumer } from './measure-consumer.js';
import type { KafkaRecord } from './parse-record.js';
import { safeError } from './safe-error.js';

/** Between two attempts at a chunk. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** What the consumer's owner wants to hear, and when to stop. */
interface Owner {
  readonly signal: AbortSignal;
  /** It lives. */
  beat(): void;
  /** Why it does not get on; undefined when it does. */
  problem(reason: string | undefined): void;
}

/**
 * Handles batches of one consumer chunk by chunk, and tells the group in between that it lives. Errors of the surroundings are
 * retried until the service stops. Never lets an error of ours reach kafkajs, which would take some of
 * them for the consumer's end.
 */
export class BatchRunner {
  private readonly logger = new Logger('messages');

  constructor(
    private readonly chunks: JointChunks,
    private readonly progress: MeasureConsumer,
    private readonly owner: Owner,
  ) {}

  async handle(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    for (let from = 0; from < messages.length; from += CHUNK) {
      const chunk = messages.slice(from, from + CHUNK);
      const records = chunk.map(({ offset, key, headers, value }): KafkaRecord => {
        return { topic, partition, offset, key: key?.toString() ?? '', headers, value };
      });
      if (!payload.isRunning() || payload.isStale()) return;
      this.progress.waiting(payload.batch, Number(chunk[0]!.timestamp));
      const handled = await this.handleUntilDone(records, payload);
      if (!handled) return;
      payload.resolveOffset(chunk.at(-1)!.offset);
      await handled.offsets;
      await payload.heartbeat();
    }
    this.progress.handled(payload.batch);
  }

  /** Retries for ever, telling the group that this consumer lives; undefined when the service stops meanwhile. */
  private async handleUntilDone(
    records: readonly KafkaRecord[],
    { batch, heartbeat }: EachBatchPayload,
  ): Promise<Handled | undefined> {
    const { signal, beat, problem } = this.owner;
    const backOff = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    while (!signal.aborted) {
      try {
        const handled = await this.chunks.handle(records);
        this.logger.debug({ msg: 'chunk handled', topic: batch.topic, ...handled.result });
        problem(undefined);
        return handled;
      } catch (error) {
        const safe = safeError(error);
        problem(`cannot handle messages of ${batch.topic} (${safe.message ?? safe.code ?? safe.name})`);
        this.logger.warn({ msg: 'a chunk is tried again', topic: batch.topic, error: safe });
      }
      await backOff.wait(signal);
      beat();
      await heartbeat();
    }
    return undefined;
  }
}
