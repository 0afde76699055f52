import type { EntityManager } from 'typeorm';
import { recordedTraceOf } from '#messaging';
import type { EnrolmentState, EnrolmentStateName } from './enrolment-state.process.js';
import type { Changed } from './fold-inputs.js';

/** Milliseconds since 1970: made into a date several times faster than text is. */
const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const STATE_COLUMNS = `e.id, e.tenant_id, e.contact_id, e.workflow_id, e.version, e.state, e.declined, e.step, e.attempt, e.first_attempt, e.reminded_again, e.unanswered,
  e.opt_in_mail, ${ms('e.accepted_at')} AS accepted_at, ${ms('e.asked_at')} AS asked_at, e.postponed, e.late_timers, e.reason`;

/** All enrolments of these contacts, whose subjects the caller has locked; and the time by the database's clock. */
export async function loadEnrolments(
  tx: EntityManager,
  contactIds: readonly string[],
): Promise<{ states: EnrolmentState[]; now: Date }> {
  const [clock]: { now: Date }[] = await tx.query('SELECT clock_timestamp() AS now');
  const rows: StateRow[] = await tx.query(
    `SELECT ${STATE_COLUMNS} FROM unnest($1::uuid[]) AS c (contact_id)
     CROSS JOIN LATERAL (SELECT * FROM enrolment WHERE enrolment.contact_id = c.contact_id OFFSET 0) AS e`,
    [[...new Set(contactIds)]],
  );
  return { states: rows.map(toState), now: clock!.now };
}

/** Writes enrolments back, and their timers, with three statements at most. The subjects are locked by the caller. */
export async function writeEnrolments(tx: EntityManager, changes: readonly Changed[]): Promise<void> {
  if (changes.length === 0) return;
  await updateEnrolments(
    tx,
    changes.map(({ state }) => state),
  );
  await deleteTimers(
    tx,
    changes.filter(({ timer }) => timer === null).map(({ state }) => state),
  );
  await setTimers(
    tx,
    changes.flatMap(({ state, timer }) => (timer ? [{ state, dueAt: timer }] : [])),
  );
}

async function updateEnrolments(tx: EntityManager, states: readonly EnrolmentState[]): Promise<void> {
  const column = (value: (state: EnrolmentState) => unknown): unknown[] => states.map(value);
  await tx.query(
    `UPDATE enrolment e
     SET state = n.state, declined = n.declined, step = n.step, attempt = n.attempt, opt_in_mail = n.opt_in_mail,
       accepted_at = n.accepted_at, asked_at = n.asked_at, postponed = n.postponed, late_timers = n.late_timers,
       reason = n.reason, first_attempt = n.first_attempt, unanswered = n.unanswered,
       reminded_again = n.reminded_again, changed_at = now()
     FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::int[], $5::int[], $6::uuid[], $7::timestamptz[],
         $8::timestamptz[], $9::int[], $10::int[], $11::text[], $12::int[], $13::boolean[], $14::int[])
       AS n (id, state, declined, step, attempt, opt_in_mail, accepted_at, asked_at, postponed, late_timers, reason,
         first_attempt, unanswered, reminded_again)
     WHERE e.id = n.id`,
    [
      column(({ enrolmentId }) => enrolmentId),
      column(({ state }) => state),
      column(({ declined }) => declined),
      column(({ step }) => step),
      column(({ attempt }) => attempt),
      column(({ optInMail }) => optInMail),
      column(({ acceptedAt }) => acceptedAt?.toISOString()),
      column(({ askedAt }) => askedAt?.toISOString()),
      column(({ postponed }) => postponed),
      column(({ lateTimers }) => lateTimers),
      column(({ reason }) => reason),
      column(({ firstAttempt }) => firstAttempt),
      column(({ unanswered }) => unanswered),
      column(({ remindedAgain }) => remindedAgain),
    ],
  );
}

async function deleteTimers(tx: EntityManager, states: readonly EnrolmentState[]): Promise<void> {
  if (states.length === 0) return;
  await tx.query(
    `DELETE FROM timer t USING unnest($1::uuid[], $2::uuid[]) AS n (contact_id, enrolment_id)
     WHERE t.contact_id = n.contact_id AND t.enrolment_id = n.enrolment_id`,
    [states.map(({ contactId }) => contactId), states.map(({ enrolmentId }) => enrolmentId)],
  );
}

async function setTimers(tx: EntityManager, timers: readonly { state: EnrolmentState; dueAt: Date }[]): Promise<void> {
  if (timers.length === 0) return;
  await tx.query(
    `INSERT INTO timer (contact_id, enrolment_id, tenant_id, due_at, traceparent)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[])
     ON CONFLICT (contact_id, enrolment_id) DO UPDATE SET due_at = EXCLUDED.due_at, traceparent = EXCLUDED.traceparent`,
    [
      timers.map(({ state }) => state.contactId),
      timers.map(({ state }) => state.enrolmentId),
      timers.map(({ state }) => state.tenantId),
      timers.map(({ dueAt }) => dueAt.toISOString()),
      timers.map(({ state }) => recordedTraceOf(state.contactId)),
    ],
  );
}

interface StateRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly workflow_id: string;
  readonly version: number;
  readonly state: EnrolmentStateName;
  readonly declined: boolean;
  readonly step: number;
  readonly attempt: number;
  readonly first_attempt: number;
  readonly reminded_again: number;
  readonly unanswered: boolean;
  readonly opt_in_mail: string | null;
  readonly accepted_at: number | null;
  readonly asked_at: number | null;
  readonly postponed: number;
  readonly late_timers: number;
  readonly reason: string | null;
}

const toState = (row: StateRow): EnrolmentState => ({
  enrolmentId: row.id,
  tenantId: row.tenant_id,
  contactId: row.contact_id,
  workflowId: row.workflow_id,
  version: row.version,
  state: row.state,
  declined: row.declined,
  step: row.step,
  attempt: row.attempt,
  firstAttempt: row.first_attempt,
  remindedAgain: row.reminded_again,
  unanswered: row.unanswered,
  optInMail: row.opt_in_mail ?? undefined,
  acceptedAt: toDate(row.accepted_at),
  askedAt: toDate(row.asked_at),
  postponed: row.postponed,
  lateTimers: row.late_timers,
  reason: row.reason ?? undefined,
});

const toDate = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));
