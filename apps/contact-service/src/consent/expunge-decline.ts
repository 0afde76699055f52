import type { EntityManager } from 'typeorm';
import type { DeclineReason } from '#contracts';

/** Why a contact was not removed for its silence when the grace period of an enrolment was over. */
export interface ExpungeDecline {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
  readonly reason: DeclineReason;
}

/** Writes down, visibly, why contacts stay; those for which it is the first time with this reason are returned. */
export async function writeDeclines(
  tx: EntityManager,
  declines: readonly ExpungeDecline[],
): Promise<Pick<ExpungeDecline, 'contactId' | 'enrolmentId' | 'reason'>[]> {
  if (declines.length === 0) return [];
  const rows: { contactId: string; enrolmentId: string; reason: DeclineReason; times: number }[] = await tx.query(
    `INSERT INTO expunge_decline AS known (contact_id, enrolment_id, reason, tenant_id, first_at, last_at)
     SELECT DISTINCT d.contact_id, d.enrolment_id, d.reason, d.tenant_id, now(), now()
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS d (contact_id, enrolment_id, reason, tenant_id)
     ORDER BY d.contact_id, d.enrolment_id, d.reason
     ON CONFLICT (contact_id, enrolment_id, reason) DO UPDATE SET last_at = now(), times = known.times + 1
     RETURNING contact_id AS "contactId", enrolment_id AS "enrolmentId", reason, times`,
    [
      declines.map(({ contactId }) => contactId),
      declines.map(({ enrolmentId }) => enrolmentId),
      declines.map(({ reason }) => reason),
      declines.map(({ tenantId }) => tenantId),
    ],
  );
  return rows.filter(({ times }) => times === 1);
}
