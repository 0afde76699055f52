import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import type { DataSource, EntityManager } from 'typeorm';
import { park, type Unusable } from './dead-letters.js';
import { failPoint } from './fail-point.js';
import { MeasureMessages } from './measure-messages.js';
import { spansOfHandling } from './message-spans.js';
import { type Binding, type KafkaRecord, type Parsed, parseRecord, type ParsedMessage } from './parse-record.js';
import { SafeMessageError, safeError } from './safe-error.js';
import { type Run, splitIntoRuns } from './split-into-runs.js';
import { isSurroundingsError } from './surroundings-error.js';
import { bindTenant } from './tenant.js';
import { runWithBatchTrace } from './trace.js';

/** From this many on, a chunk in which everything fails is taken for a fault of ours, not of the messages. */
const SUSPICIOUS_FAILURES = 10;

export class EveryMessageFailed extends SafeMessageError {
  constructor(count: number) {
    super(`All ${count} messages of a chunk failed; nothing was parked. The service waits for a repair.`);
  }
}

/** What became of the records of a chunk. */
export interface ChunkResult {
  readonly handled: number;
  readonly duplicates: number;
  readonly ignored: number;
  readonly parked: number;
}

/**
 * Handles records, those of each partition in their order, exactly once: handlers, the memory of handled message ids (inbox),
 * what is sent on (outbox) and what is parked (dead letters) commit together or not at all.
 * Throws only what is worth retrying: errors of the surroundings, and {@link EveryMessageFailed}.
 */
export class ChunkProcessor {
  private readonly logger = new Logger('messages');

  constructor(
    private readonly db: DataSource,
    private readonly bindings: ReadonlyMap<string, Binding>,
    private readonly measure = new MeasureMessages(new Registry()),
  ) {}

  async process(records: readonly KafkaRecord[]): Promise<ChunkResult> {
    const parsed = records.map((record) => parseRecord(record, this.bindings));
    try {
      return await this.inOneTransaction(parsed, (fresh, tx) => this.handleRuns(fresh, tx));
    } catch (error) {
      if (isSurroundingsError(error)) throw error;
      this.logger.warn({ msg: 'a chunk failed and is handled message by message', error: safeError(error) });
      return await this.inOneTransaction(parsed, (fresh, tx) => this.handleOneByOne(fresh, tx));
    }
  }

  private async inOneTransaction(
    parsed: readonly Parsed[],
    handle: (fresh: readonly ParsedMessage[], tx: EntityManager) => Promise<readonly ParsedMessage[]>,
  ): Promise<ChunkResult> {
    const sorted = await this.db.transaction(async (tx) => {
      const messages = parsed.filter((one) => one.kind === 'message');
      const malformed = parsed.filter((one) => one.kind === 'malformed');
      const fresh = await rememberNew(messages, tx);
      if (fresh.length > 0) failPoint('inbox.remembered');
      await park(tx, malformed);
      if (malformed.length > 0) {
        failPoint('chunk.parked');
        this.logger.error({ msg: 'malformed messages parked', count: malformed.length });
      }
      const failed = await handle(fresh, tx);
      await advanceReadPosition(parsed, tx);
      if (fresh.length > 0) failPoint('chunk.handled');
      const [known, bad] = [new Set(fresh), new Set(failed)];
      return {
        handled: fresh.filter((message) => !bad.has(message)),
        repeated: messages.filter((message) => !known.has(message)),
        parked: [...malformed, ...failed],
      };
    });
    return this.count(parsed, sorted);
  }

  /** Once it is committed: what is rolled back comes again. */
  private count(parsed: readonly Parsed[], { handled, repeated, parked }: Sorted): ChunkResult {
    this.measure.count(handled, 'handled');
    this.measure.count(repeated, 'repeated');
    this.measure.count(parked, 'parked');
    return {
      handled: handled.length,
      duplicates: repeated.length,
      ignored: parsed.length - handled.length - repeated.length - parked.length,
      parked: parked.length,
    };
  }

  private async handleRuns(fresh: readonly ParsedMessage[], tx: EntityManager): Promise<readonly ParsedMessage[]> {
    for (const run of splitIntoRuns(fresh)) await this.handleRun(run, tx);
    return [];
  }

  private async handleRun(run: Run, tx: EntityManager): Promise<void> {
    const { binding, received } = run[0];
    await bindTenant(tx, received.data.tenantId);
    const spans = spansOfHandling(run);
    const measured = this.measure.handling(binding);
    let failed = true;
    try {
      const batch = run.map((one) => one.received);
      await runWithBatchTrace(spans.traces, () => binding.handler.handle(batch, tx));
      failed = false;
    } finally {
      measured();
      spans.end({ failed });
    }
  }

  private async handleOneByOne(fresh: readonly ParsedMessage[], tx: EntityManager): Promise<readonly ParsedMessage[]> {
    const failures: [ParsedMessage, unknown][] = [];
    for (const message of fresh) {
      await tx.query('SAVEPOINT one_message');
      try {
        await this.handleRun([message], tx);
        await tx.query('RELEASE SAVEPOINT one_message');
        failPoint('chunk.one-handled');
      } catch (error) {
        if (isSurroundingsError(error)) throw error;
        await tx.query('ROLLBACK TO SAVEPOINT one_message');
        failures.push([message, error]);
      }
    }
    if (failures.length === fresh.length && failures.length >= SUSPICIOUS_FAILURES) {
      throw new EveryMessageFailed(failures.length);
    }
    await park(
      tx,
      failures.map(([message, error]) => this.unusable(message, error)),
    );
    return failures.map(([message]) => message);
  }

  private unusable({ record, received, binding }: ParsedMessage, error: unknown): Unusable {
    const safe = safeError(error);
    const { type } = binding.message;
    this.logger.error({ msg: 'message parked', messageId: received.id, type, error: safe });
    return { record, type, reason: safe.message ?? [safe.name, safe.code].filter(Boolean).join(' ') };
  }
}

/** The records of a chunk by what became of them; the others were ignored. */
interface Sorted {
  readonly handled: readonly ParsedMessage[];
  readonly repeated: readonly ParsedMessage[];
  readonly parked: readonly Parsed[];
}

/** Keeps the messages seen for the first time. A second consumer of the same records waits here for the first one's end. */
async function rememberNew(messages: readonly ParsedMessage[], tx: EntityManager): Promise<ParsedMessage[]> {
  if (messages.length === 0) return [];
  const rows: { id: string }[] = await tx.query(
    `INSERT INTO inbox (id) SELECT DISTINCT m.id FROM unnest($1::uuid[]) AS m (id) ORDER BY m.id
     ON CONFLICT DO NOTHING RETURNING id`,
    [messages.map((message) => message.received.id)],
  );
  const unseen = new Set(rows.map((row) => row.id));
  return messages.filter((message) => unseen.delete(message.received.id));
}

/** Kept beside the data, so that a database restored from a backup knows what it has not read yet. */
async function advanceReadPosition(parsed: readonly Parsed[], tx: EntityManager): Promise<void> {
  const last = new Map(parsed.map(({ record }) => [`${record.topic} ${record.partition}`, record]));
  const records = [...last.values()];
  if (records.length === 0) return;
  await tx.query(
    `INSERT INTO read_position (topic, partition, next_offset)
     SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) AS p (topic, partition, next_offset) ORDER BY topic, partition
     ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset`,
    [
      records.map(({ topic }) => topic),
      records.map(({ partition }) => partition),
      records.map(({ offset }) => String(BigInt(offset) + 1n)),
    ],
  );
}
