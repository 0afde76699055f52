import type { EntityManager } from 'typeorm';
import { lookUpByKey } from '../enrolment/look-up-by-key.js';

/** What does not fit, its subject locked by this transaction. */
export interface Suspect {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
  /** Not as it should be; otherwise it is only asked about. */
  readonly amiss: boolean;
}

/** Contacts from one id (left out) to another: the enrolments and timers of a slice are read by their keys. */
export interface Slice {
  readonly after: string;
  readonly upTo: string;
}

export const FIRST = '00000000-0000-0000-0000-000000000000';
export const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const NO_OUTCOME_AFTER = `interval '1 day'`;
const UNDER_WAY = `e.state IN ('waiting', 'declined', 'expunging')`;
const HAS_TIMER = 'EXISTS (SELECT FROM timer t WHERE t.contact_id = e.contact_id AND t.enrolment_id = e.id)';

/** Under way, waits for no outcome, and no timer is there either. */
export const WITHOUT_TIMER = `${UNDER_WAY} AND e.asked_at IS NULL AND NOT ${HAS_TIMER}`;

/** Asked for something and not answered for too long. */
export const OVERDUE = `${UNDER_WAY} AND e.asked_at < now() - ${NO_OUTCOME_AFTER}`;

/** The slice after this contact, with so many enrolments. */
export async function nextSlice(tx: EntityManager, after: string, enrolments: number): Promise<Slice> {
  await lookUpByKey(tx);
  const [end]: { contact_id: string }[] = await tx.query(
    'SELECT contact_id FROM enrolment WHERE contact_id > $1 ORDER BY contact_id OFFSET $2 LIMIT 1',
    [after, enrolments - 1],
  );
  return { after, upTo: end?.contact_id ?? LAST };
}

/**
 * Claims enrolments `e` of a slice for which this holds. Looked for without a lock, and again after the locks: what was in
 * the middle of a change is none. No index serves the condition, so that the hot rows have none to keep.
 */
export async function claimSuspects(
  tx: EntityManager,
  { after, upTo }: Slice,
  condition: string,
  limit: number,
): Promise<Suspect[]> {
  await lookUpByKey(tx);
  const found: { id: string }[] = await tx.query(
    `SELECT e.id FROM enrolment e JOIN subject s USING (contact_id)
     WHERE e.contact_id > $1 AND e.contact_id <= $2 AND ${condition} LIMIT $3 FOR UPDATE OF s SKIP LOCKED`,
    [after, upTo, limit],
  );
  if (found.length === 0) return [];
  return tx.query(
    `SELECT e.tenant_id AS "tenantId", e.contact_id AS "contactId", e.id AS "enrolmentId",
       e.asked_at IS NULL OR e.unanswered OR e.state = 'expunging' AS amiss
     FROM enrolment e
     WHERE e.id = ANY($1::uuid[]) AND ${condition}`,
    [found.map(({ id }) => id)],
  );
}

const NOT_AWAITED = `NOT EXISTS (
  SELECT FROM enrolment e WHERE e.contact_id = t.contact_id AND e.id = t.enrolment_id AND ${UNDER_WAY} AND e.asked_at IS NULL)`;

/** Deletes timers of a slice that no enrolment waits for. */
export async function removeLostTimers(tx: EntityManager, { after, upTo }: Slice, limit: number): Promise<Suspect[]> {
  await lookUpByKey(tx);
  const found: { contact_id: string; enrolment_id: string }[] = await tx.query(
    `SELECT t.contact_id, t.enrolment_id FROM timer t JOIN subject s USING (contact_id)
     WHERE t.contact_id > $1 AND t.contact_id <= $2 AND ${NOT_AWAITED} LIMIT $3 FOR UPDATE OF s SKIP LOCKED`,
    [after, upTo, limit],
  );
  if (found.length === 0) return [];
  const [removed]: [Suspect[], number] = await tx.query(
    `DELETE FROM timer t USING unnest($1::uuid[], $2::uuid[]) AS n (contact_id, enrolment_id)
     WHERE t.contact_id = n.contact_id AND t.enrolment_id = n.enrolment_id AND ${NOT_AWAITED}
     RETURNING t.tenant_id AS "tenantId", t.contact_id AS "contactId", t.enrolment_id AS "enrolmentId", true AS amiss`,
    [found.map((row) => row.contact_id), found.map((row) => row.enrolment_id)],
  );
  return removed;
}
