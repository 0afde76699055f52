import { setImmediate as soon } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import type { ChunkProcessor, ChunkResult } from './chunk-processor.js';
import { failPoint } from './fail-point.js';
import type { KafkaRecord } from './parse-record.js';

/** Records handled in one transaction. */
export const CHUNK = 250;

/** Records of one partition, in order, and who waits for them. */
interface Piece {
  readonly records: readonly KafkaRecord[];
  readonly done: PromiseWithResolvers<Handled>;
}

/** What is committed in the database. `offsets` settles when Kafka knows as well, or does not want to. */
export interface Handled {
  readonly result: ChunkResult;
  readonly offsets: Promise<void>;
}

/**
 * Handles what several partitions have to offer at the same time together: one transaction, one commit of offsets. A few
 * messages in each partition, as on a system that is not behind, would otherwise cost a transaction each. One after another,
 * so that a consumer needs one connection and the memory of one chunk.
 */
export class JointChunks {
  private readonly waiting: Piece[] = [];
  private working = false;

  constructor(
    private readonly consumer: Consumer,
    private readonly processor: ChunkProcessor,
  ) {}

  /** Resolves when the records, {@link CHUNK} at most and of one partition, are handled; rejects with what is worth retrying. */
  handle(records: readonly KafkaRecord[]): Promise<Handled> {
    const done = Promise.withResolvers<Handled>();
    this.waiting.push({ records, done });
    if (!this.working) void this.work();
    return done.promise;
  }

  private async work(): Promise<void> {
    this.working = true;
    // The other partitions of the same answer are given to us in this very turn.
    await soon();
    while (this.waiting.length > 0) {
      const pieces = this.take();
      try {
        const result = await this.processor.process(pieces.flatMap(({ records }) => records));
        failPoint('chunk.committed');
        const offsets = this.commitOffsets(pieces);
        for (const { done } of pieces) done.resolve({ result, offsets });
        await offsets.catch(() => undefined);
      } catch (error) {
        for (const { done } of pieces) done.reject(error);
      }
    }
    this.working = false;
  }

  /** As many as fit into a chunk, in their order. */
  private take(): Piece[] {
    const pieces = this.waiting.splice(0, 1);
    let count = pieces[0]!.records.length;
    while (this.waiting.length > 0 && count + this.waiting[0]!.records.length <= CHUNK) {
      count += this.waiting[0]!.records.length;
      pieces.push(this.waiting.shift()!);
    }
    return pieces;
  }

  private async commitOffsets(pieces: readonly Piece[]): Promise<void> {
    await this.consumer.commitOffsets(
      pieces.map(({ records }) => {
        const { topic, partition, offset } = records.at(-1)!;
        return { topic, partition, offset: String(BigInt(offset) + 1n) };
      }),
    );
    failPoint('offsets.committed');
  }
}
