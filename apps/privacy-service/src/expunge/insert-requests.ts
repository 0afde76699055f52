import type { EntityManager } from 'typeorm';
import type { ExpungeState } from './expunge-state.process.js';

export interface NewRequest {
  readonly state: ExpungeState;
  readonly statusTokenHash: string;
  /** Sets the timer of a request that begins at once. */
  readonly askAgainInSeconds?: number;
}

/**
 * Stores those requests whose expunge id is new, with one statement. `known` are the others, and the same one again in
 * this batch: somebody has stored them before, perhaps for another tenant.
 */
export async function insertRequests<R extends NewRequest>(
  tx: EntityManager,
  requests: readonly R[],
): Promise<{ fresh: R[]; known: R[] }> {
  const column = (value: (request: NewRequest) => unknown): unknown[] => requests.map(value);
  // Conflicts on the id only: another request with a known status address must be parked, not swallowed.
  const rows: { expunge_id: string }[] = await tx.query(
    `INSERT INTO expunge_request (expunge_id, tenant_id, contact_id, reason, requested_by, requested_at,
       status_token_hash, subject_commitment, sealed_recipient, state, participants, asked_times, waiting, ask_again_at)
     SELECT n.expunge_id, n.tenant_id, n.contact_id, n.reason, n.requested_by, n.requested_at,
       n.status_token_hash, n.subject_commitment, n.sealed_recipient, n.state, n.participants, n.asked_times, n.waiting,
       now() + n.ask_again_in * interval '1 second'
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
         $9::text[], $10::text[], $11::jsonb[], $12::int[], $13::jsonb[], $14::int[])
       AS n (expunge_id, tenant_id, contact_id, reason, requested_by, requested_at, status_token_hash,
         subject_commitment, sealed_recipient, state, participants, asked_times, waiting, ask_again_in)
     ORDER BY n.expunge_id
     ON CONFLICT (expunge_id) DO NOTHING RETURNING expunge_id`,
    [
      column(({ state }) => state.expungeId),
      column(({ state }) => state.tenantId),
      column(({ state }) => state.contactId),
      column(({ state }) => state.reason),
      column(({ state }) => state.requestedBy),
      column(({ state }) => state.requestedAt),
      column(({ statusTokenHash }) => statusTokenHash),
      column(({ state }) => state.subjectCommitment),
      column(({ state }) => state.sealedRecipient),
      column(({ state }) => state.state),
      column(({ state }) => JSON.stringify(state.participants)),
      column(({ state }) => state.askedTimes),
      column(({ state }) => state.waiting && JSON.stringify(state.waiting)),
      column(({ askAgainInSeconds }) => askAgainInSeconds),
    ],
  );
  const stored = new Set(rows.map((row) => row.expunge_id));
  const fresh = requests.filter(({ state }) => stored.delete(state.expungeId));
  return { fresh, known: requests.filter((request) => !fresh.includes(request)) };
}
