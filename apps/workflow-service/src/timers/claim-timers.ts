import type { EntityManager } from 'typeorm';
import { lookUpByKey } from '../enrolment/look-up-by-key.js';

/** A timer whose time has come, by the database's clock. Its subject is locked by this transaction. */
export interface DueTimer {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
  readonly late: boolean;
  /** The trace it was set in, when somebody records that. */
  readonly traceparent?: string;
}

export interface ClaimTerms {
  readonly limit: number;
  readonly first: 'longest-due' | 'latest-due';
  readonly lateAfterSeconds: number;
}

/**
 * Takes due timers: they are gone with this transaction's commit, also those nobody waits for any
 * more; who goes on waiting sets a new one. The subjects are locked, as by every writer of contact data; contacts another
 * transaction works on are passed over, so several processes share the work. What an erase or a message has taken or put
 * off since the statement began is left alone: a deletion looks at the newest state of its row. Of every tenant.
 */
export async function claimTimers(
  tx: EntityManager,
  { limit, first, lateAfterSeconds }: ClaimTerms,
): Promise<DueTimer[]> {
  await lookUpByKey(tx);
  const [rows]: [TimerRow[], number] = await tx.query(
    `WITH claimed AS MATERIALIZED (
       SELECT t.contact_id, t.enrolment_id FROM timer t JOIN subject s USING (contact_id)
       WHERE t.due_at <= now() ORDER BY t.due_at ${first === 'longest-due' ? 'ASC' : 'DESC'} LIMIT $1 FOR UPDATE OF s SKIP LOCKED)
     DELETE FROM timer t USING claimed c
     WHERE t.contact_id = c.contact_id AND t.enrolment_id = c.enrolment_id AND t.due_at <= now()
     RETURNING t.tenant_id, t.contact_id, t.enrolment_id, t.traceparent, t.due_at < now() - $2 * interval '1 second' AS late`,
    [limit, lateAfterSeconds],
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    contactId: row.contact_id,
    enrolmentId: row.enrolment_id,
    late: row.late,
    traceparent: row.traceparent ?? undefined,
  }));
}

/** Sets claimed timers anew, so many seconds from now. */
export async function putOff(tx: EntityManager, timers: readonly DueTimer[], seconds: number): Promise<void> {
  await tx.query(
    `INSERT INTO timer (tenant_id, contact_id, enrolment_id, traceparent, due_at)
     SELECT t.*, now() + $5 * interval '1 second'
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS t`,
    [
      timers.map(({ tenantId }) => tenantId),
      timers.map(({ contactId }) => contactId),
      timers.map(({ enrolmentId }) => enrolmentId),
      timers.map(({ traceparent }) => traceparent),
      seconds,
    ],
  );
}

interface TimerRow {
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly enrolment_id: string;
  readonly late: boolean;
  readonly traceparent: string | null;
}
