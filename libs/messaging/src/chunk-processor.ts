import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { park, type Unusable } from './dead-letters.js';
import { failPoint } from './fail-point.js';
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
 * Handles the records of one partition, in order, exactly once: handlers, the memory of handled message ids (inbox),
 * what is sent on (outbox) and what is parked (dead letters) commit together or not at all.
 * Throws only what is worth retrying: errors of the surroundings, and {@link EveryMessageFailed}.
 */
export class ChunkProcessor {
  private readonly logger = new Logger('messages');

  constructor(
    private readonly db: DataSource,
    private readonly bindings: ReadonlyMap<string, Binding>,
  ) {}

  async process(records: readonly KafkaRecord[]): Promise<ChunkResult> {
    const parsed = records.map((record) => parseRecord(record, this.bindings));
    try {
      return await this.inOneTransaction(parsed, handleRuns);
    } catch (error) {
      if (isSurroundingsError(error)) throw error;
      this.logger.warn({ msg: 'a chunk failed and is handled message by message', error: safeError(error) });
      return await this.inOneTransaction(parsed, (fresh, tx) => this.handleOneByOne(fresh, tx));
    }
  }

  private async inOneTransaction(
    parsed: readonly Parsed[],
    handle: (fresh: readonly ParsedMessage[], tx: EntityManager) => Promise<number>,
  ): Promise<ChunkResult> {
    return this.db.transaction(async (tx) => {
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
      return {
        handled: fresh.length - failed,
        duplicates: messages.length - fresh.length,
        ignored: parsed.length - messages.length - malformed.length,
        parked: malformed.length + failed,
      };
    });
  }

  private async handleOneByOne(fresh: readonly ParsedMessage[], tx: EntityManager): Promise<number> {
    const failures: [ParsedMessage, unknown][] = [];
    for (const message of fresh) {
      await tx.query('SAVEPOINT one_message');
      try {
        await handleRun([message], tx);
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
    return failures.length;
  }

  private unusable({ record, received, binding }: ParsedMessage, error: unknown): Unusable {
    const safe = safeError(error);
    const { type } = binding.message;
    this.logger.error({ msg: 'message parked', messageId: received.id, type, error: safe });
    return { record, type, reason: safe.message ?? [safe.name, safe.code].filter(Boolean).join(' ') };
  }
}

async function handleRuns(fresh: readonly ParsedMessage[], tx: EntityManager): Promise<number> {
  for (const run of splitIntoRuns(fresh)) await handleRun(run, tx);
  return 0;
}

async function handleRun(run: Run, tx: EntityManager): Promise<void> {
  const traces = run.map(({ record, traceparent, received }) => [record.key, traceparent, received.id] as const);
  const batch = run.map((one) => one.received);
  await bindTenant(tx, run[0].received.data.tenantId);
  await runWithBatchTrace(traces, () => run[0].binding.handler.handle(batch, tx));
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
  const last = parsed.at(-1)?.record;
  if (!last) return;
  await tx.query(
    `INSERT INTO read_position (topic, partition, next_offset) VALUES ($1, $2, $3)
     ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset`,
    [last.topic, last.partition, String(BigInt(last.offset) + 1n)],
  );
}
