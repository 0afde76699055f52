import type { EntityManager } from 'typeorm';
import type { ExpungeState, ParticipantState } from './expunge-state.process.js';
import type { Waiting } from './waiting.decision.js';

const STATE_COLUMNS = `r.expunge_id, r.tenant_id, r.contact_id, r.reason, r.requested_by, r.requested_at,
  r.subject_commitment, r.sealed_recipient, r.state, r.participants, r.overdue, r.confirmation_failed, r.asked_times,
  r.completed_at, r.confirmed_at, r.certificate_id, r.email_id, r.waiting`;

/**
 * Locks these requests until the transaction ends; unknown ids are missing from the result. In the order of the ids,
 * so that two batches never wait for each other; one look-up by primary key each, whatever the statistics say.
 */
export async function lockRequests(tx: EntityManager, ids: readonly string[]): Promise<ExpungeState[]> {
  const sorted = [...new Set(ids)].sort();
  const rows: StateRow[] = await tx.query(
    `SELECT ${STATE_COLUMNS} FROM unnest($1::uuid[]) AS wanted (id)
     CROSS JOIN LATERAL (SELECT * FROM expunge_request WHERE expunge_id = wanted.id LIMIT 1 FOR UPDATE) AS r`,
    [sorted],
  );
  return rows.map(toState);
}

/** A request whose timer has run out by the clock of the database, and whether it is overdue by that clock. */
export interface DueRequest {
  readonly state: ExpungeState;
  readonly overdue: boolean;
}

/** Claims due requests until the transaction ends; what another process has claimed, or is answering, is skipped. */
export async function claimDueRequests(
  tx: EntityManager,
  limit: number,
  overdueAfterSeconds: number,
): Promise<DueRequest[]> {
  const rows: (StateRow & { overdue_now: boolean })[] = await tx.query(
    `SELECT ${STATE_COLUMNS}, r.received_at <= now() - $2 * interval '1 second' AS overdue_now
     FROM expunge_request r
     WHERE r.state = 'erasing' AND r.ask_again_at <= now()
     ORDER BY r.ask_again_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit, overdueAfterSeconds],
  );
  return rows.map((row) => ({ state: toState(row), overdue: row.overdue_now }));
}

/** Claims requests that have waited too long for the outcome of their mail, like {@link claimDueRequests}. */
export async function claimUnconfirmedRequests(
  tx: EntityManager,
  limit: number,
  afterDays: number,
): Promise<ExpungeState[]> {
  const rows: StateRow[] = await tx.query(
    `SELECT ${STATE_COLUMNS} FROM expunge_request r
     WHERE r.state = 'expunged' AND r.email_id IS NOT NULL AND NOT r.confirmation_failed
       AND r.completed_at <= now() - $2 * interval '1 day'
     ORDER BY r.completed_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit, afterDays],
  );
  return rows.map(toState);
}

/** Claims requests that wait to begin for longer than that and do not show it yet, like {@link claimDueRequests}. */
export async function claimOverdueWaiting(
  tx: EntityManager,
  limit: number,
  overdueAfterSeconds: number,
): Promise<ExpungeState[]> {
  const rows: StateRow[] = await tx.query(
    `SELECT ${STATE_COLUMNS} FROM expunge_request r
     WHERE r.state = 'waiting' AND NOT r.overdue AND r.received_at <= now() - $2 * interval '1 second'
     ORDER BY r.received_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit, overdueAfterSeconds],
  );
  return rows.map(toState);
}

export interface ChangedRequest {
  readonly state: ExpungeState;
  /** The signed certificate, when this change brings it. */
  readonly certificate?: string;
  /** Sets the timer this many seconds ahead; otherwise it runs on. It ends with the erasing. */
  readonly askAgainInSeconds?: number;
}

/** Writes locked requests back with one statement. */
export async function writeRequests(tx: EntityManager, changes: readonly ChangedRequest[]): Promise<void> {
  if (changes.length === 0) return;
  const column = (value: (change: ChangedRequest) => unknown): unknown[] => changes.map(value);
  await tx.query(
    `UPDATE expunge_request r
     SET state = n.state, participants = n.participants, refused = n.refused, overdue = n.overdue,
       confirmation_failed = n.confirmation_failed, sealed_recipient = n.sealed_recipient, asked_times = n.asked_times,
       completed_at = n.completed_at, confirmed_at = n.confirmed_at, certificate_id = n.certificate_id,
       email_id = n.email_id, subject_commitment = n.subject_commitment, waiting = n.waiting,
       certificate = COALESCE(n.certificate, r.certificate),
       ask_again_at = CASE WHEN n.state = 'erasing'
         THEN COALESCE(now() + n.ask_again_in * interval '1 second', r.ask_again_at) END
     FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::boolean[], $5::boolean[], $6::boolean[], $7::text[], $8::int[],
         $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::text[], $14::int[],
         $15::text[], $16::jsonb[])
       AS n (expunge_id, state, participants, refused, overdue, confirmation_failed, sealed_recipient, asked_times,
         completed_at, confirmed_at, certificate_id, email_id, certificate, ask_again_in, subject_commitment, waiting)
     WHERE r.expunge_id = n.expunge_id`,
    [
      column(({ state }) => state.expungeId),
      column(({ state }) => state.state),
      column(({ state }) => JSON.stringify(state.participants)),
      column(({ state }) => state.participants.some(({ refusal }) => refusal)),
      column(({ state }) => state.overdue),
      column(({ state }) => state.confirmationFailed),
      column(({ state }) => state.sealedRecipient),
      column(({ state }) => state.askedTimes),
      column(({ state }) => state.completedAt),
      column(({ state }) => state.confirmedAt),
      column(({ state }) => state.certificateId),
      column(({ state }) => state.emailId),
      column(({ certificate }) => certificate),
      column(({ askAgainInSeconds }) => askAgainInSeconds),
      column(({ state }) => state.subjectCommitment),
      column(({ state }) => state.waiting && JSON.stringify(state.waiting)),
    ],
  );
}

interface StateRow {
  readonly expunge_id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly reason: ExpungeState['reason'];
  readonly requested_by: ExpungeState['requestedBy'];
  readonly requested_at: Date;
  readonly subject_commitment: string | null;
  readonly sealed_recipient: string | null;
  readonly state: ExpungeState['state'];
  readonly participants: ParticipantState[];
  readonly overdue: boolean;
  readonly confirmation_failed: boolean;
  readonly asked_times: number;
  readonly completed_at: Date | null;
  readonly confirmed_at: Date | null;
  readonly certificate_id: string | null;
  readonly email_id: string | null;
  readonly waiting: Waiting | null;
}

function toState(row: StateRow): ExpungeState {
  return {
    expungeId: row.expunge_id,
    tenantId: row.tenant_id,
    contactId: row.contact_id,
    reason: row.reason,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    subjectCommitment: row.subject_commitment ?? undefined,
    sealedRecipient: row.sealed_recipient ?? undefined,
    state: row.state,
    participants: row.participants,
    overdue: row.overdue,
    confirmationFailed: row.confirmation_failed,
    askedTimes: row.asked_times,
    completedAt: row.completed_at?.toISOString(),
    confirmedAt: row.confirmed_at?.toISOString(),
    certificateId: row.certificate_id ?? undefined,
    emailId: row.email_id ?? undefined,
    waiting: row.waiting ?? undefined,
  };
}
