import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Bindings } from './bindings.js';
import { type KafkaRecord, parseRecord } from './parse-record.js';
import { safeError } from './safe-error.js';
import { bindTenant } from './tenant.js';
import { runWithTrace } from './trace.js';

/** A parked message, without its data. */
export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  readonly type: string;
  /** The Kafka key: a contact id or tenant id. */
  readonly key: string;
  readonly reason: string;
  readonly attempts: number;
  readonly parkedAt: Date;
  readonly lastAt: Date;
}

/** Longer than anybody needs to repair a service, and the stated end of what a dead letter may hold. */
export const DEAD_LETTER_RETENTION_DAYS = 30;

/** Keys of ours have 36 characters; a longer one does not fit the index when it is too long. */
const MAX_KEY = 200;

/** A record that could not be handled, and why. */
export interface Unusable {
  readonly record: KafkaRecord;
  readonly type: string;
  readonly reason: string;
}

/**
 * Parks records with one statement, however many they are. The same content parked again (a command that is asked for ever)
 * counts up one row.
 */
export async function park(tx: EntityManager, unusable: readonly Unusable[]): Promise<void> {
  if (unusable.length === 0) return;
  const letters = [...Map.groupBy(unusable.map(toLetter), identityOf).values()];
  const column = (value: (letter: Letter) => unknown): unknown[] => letters.map((same) => value(same.at(-1)!));
  await tx.query(
    `INSERT INTO dead_letter (topic, type, key, digest, reason, headers, data, attempts)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::jsonb[], $7::text[], $8::int[])
       AS letter (topic, type, key, digest, reason, headers, data, attempts)
     ORDER BY topic, type, key, digest
     ON CONFLICT (topic, type, key, digest) DO UPDATE
       SET attempts = dead_letter.attempts + EXCLUDED.attempts, reason = EXCLUDED.reason, headers = EXCLUDED.headers,
         last_at = now()`,
    [
      column(({ topic }) => topic),
      column(({ type }) => type),
      column(({ key }) => key),
      column(({ digest }) => digest),
      column(({ reason }) => reason),
      column(({ headers }) => headers),
      column(({ data }) => data),
      letters.map((same) => same.length),
    ],
  );
}

type Letter = ReturnType<typeof toLetter>;

function toLetter({ record, type, reason }: Unusable) {
  const value = record.value ?? Buffer.alloc(0);
  const headers = Object.entries(record.headers ?? {}).map(([name, header]) => [
    storable(name),
    storable(String(header)),
  ]);
  return {
    topic: record.topic,
    type,
    key: storable(record.key).slice(0, MAX_KEY),
    digest: createHash('sha256').update(value).digest(),
    reason,
    headers: JSON.stringify(Object.fromEntries(headers)),
    data: value.toString('base64'),
  };
}

/** What makes two letters one row. */
const identityOf = ({ topic, type, key, digest }: Letter): string =>
  JSON.stringify([topic, type, key, digest.toString('hex')]);

/** PostgreSQL stores no NUL; a record with one could otherwise neither be handled nor parked. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');

/** The parked messages of a service: look, try again, give up. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly db: DataSource,
    private readonly bindings: Bindings,
  ) {}

  /** Oldest first; `after` is the id of the last one of the page before. */
  async list({ limit = 100, after }: { limit?: number; after?: string } = {}): Promise<DeadLetter[]> {
    return this.db.query(
      `SELECT id, topic, type, key, reason, attempts, parked_at AS "parkedAt", last_at AS "lastAt" FROM dead_letter
       WHERE $2::uuid IS NULL OR (parked_at, id) > (SELECT parked_at, id FROM dead_letter WHERE id = $2)
       ORDER BY parked_at, id LIMIT $1`,
      [limit, after],
    );
  }

  /** Handles each message again, in the transaction that deletes its dead letter; what fails again stays parked. */
  async replay(
    which: readonly string[] | 'all',
  ): Promise<{ replayed: string[]; failed: { id: string; reason: string }[] }> {
    const ids = which === 'all' ? await this.allIds() : which;
    const replayed: string[] = [];
    const failed: { id: string; reason: string }[] = [];
    for (const id of ids) {
      const reason = await this.replayOne(id).catch(
        (error: unknown) => safeError(error).message ?? safeError(error).name,
      );
      if (reason === undefined) replayed.push(id);
      else failed.push({ id, reason });
    }
    return { replayed, failed };
  }

  /** Gives one up for good; false when there is none with this id. */
  async discard(id: string): Promise<boolean> {
    const [, count]: [unknown, number] = await this.db.query('DELETE FROM dead_letter WHERE id = $1', [id]);
    return count > 0;
  }

  private async allIds(): Promise<string[]> {
    const rows: { id: string }[] = await this.db.query('SELECT id FROM dead_letter ORDER BY parked_at, id');
    return rows.map((row) => row.id);
  }

  private async replayOne(id: string): Promise<string | undefined> {
    return this.db.transaction(async (tx) => {
      const [row]: StoredDeadLetter[] = await tx.query(
        'SELECT topic, key, headers, data FROM dead_letter WHERE id = $1 FOR UPDATE',
        [id],
      );
      if (!row) return 'no such dead letter';
      const record = { ...row, partition: -1, offset: '-1', value: Buffer.from(row.data, 'base64') };
      const parsed = parseRecord(record, this.bindings.byType);
      if (parsed.kind !== 'message') return parsed.reason;
      const { received, traceparent, binding } = parsed;
      await bindTenant(tx, received.data.tenantId);
      await runWithTrace(traceparent, received.id, () => binding.handler.handle([received], tx));
      await tx.query('DELETE FROM dead_letter WHERE id = $1', [id]);
      return undefined;
    });
  }
}

interface StoredDeadLetter {
  readonly topic: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly data: string;
}
