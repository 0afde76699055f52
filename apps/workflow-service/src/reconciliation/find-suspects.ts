import type { EntityManager } from 'typeorm';

/** What does not fit, its subject locked by this transaction. */
export interface Suspect {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
}

const NO_OUTCOME_AFTER = `interval '1 day'`;
const UNDER_WAY = `e.state IN ('waiting', 'declined', 'expunging')`;
const HAS_TIMER = 'EXISTS (SELECT FROM timer t WHERE t.contact_id = e.contact_id AND t.enrolment_id = e.id)';

/** Under way, waits for no outcome, and no timer is there either. */
export const WITHOUT_TIMER = `${UNDER_WAY} AND e.asked_at IS NULL AND NOT ${HAS_TIMER}`;

/** Asked for something and not answered for too long. */
export const OVERDUE = `${UNDER_WAY} AND e.asked_at < now() - ${NO_OUTCOME_AFTER}`;

/**
 * Claims enrolments `e` for which this holds. Looked for without a lock, and again after the locks: what was in the middle of
 * a change is none. Reads the whole table, which once an hour costs little and keeps the hot rows free of another index.
 */
export async function claimSuspects(tx: EntityManager, condition: string, limit: number): Promise<Suspect[]> {
  const found: { id: string }[] = await tx.query(
    `SELECT e.id FROM enrolment e JOIN subject s USING (contact_id) WHERE ${condition}
     LIMIT $1 FOR UPDATE OF s SKIP LOCKED`,
    [limit],
  );
  if (found.length === 0) return [];
  return tx.query(
    `SELECT e.tenant_id AS "tenantId", e.contact_id AS "contactId", e.id AS "enrolmentId" FROM enrolment e
     WHERE e.id = ANY($1::uuid[]) AND ${condition}`,
    [found.map(({ id }) => id)],
  );
}

const NOT_AWAITED = `NOT EXISTS (
  SELECT FROM enrolment e WHERE e.contact_id = t.contact_id AND e.id = t.enrolment_id AND ${UNDER_WAY} AND e.asked_at IS NULL)`;

/** Deletes timers that no enrolment waits for. */
export async function removeLostTimers(tx: EntityManager, limit: number): Promise<Suspect[]> {
  const found: { contact_id: string; enrolment_id: string }[] = await tx.query(
    `SELECT t.contact_id, t.enrolment_id FROM timer t JOIN subject s USING (contact_id) WHERE ${NOT_AWAITED}
     LIMIT $1 FOR UPDATE OF s SKIP LOCKED`,
    [limit],
  );
  if (found.length === 0) return [];
  const [removed]: [Suspect[], number] = await tx.query(
    `DELETE FROM timer t USING unnest($1::uuid[], $2::uuid[]) AS n (contact_id, enrolment_id)
     WHERE t.contact_id = n.contact_id AND t.enrolment_id = n.enrolment_id AND ${NOT_AWAITED}
     RETURNING t.tenant_id AS "tenantId", t.contact_id AS "contactId", t.enrolment_id AS "enrolmentId"`,
    [found.map((row) => row.contact_id), found.map((row) => row.enrolment_id)],
  );
  return removed;
}
