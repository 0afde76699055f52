import type { EntityManager } from 'typeorm';

/** What the reconciler, and who hears of mails, finds amiss. Codes of ours, never input. */
export const FOUND = [
  'timers_restored',
  'timers_removed',
  'asked_again',
  'outcomes_restored',
  'unknown_mails',
] as const;
export type Found = (typeof FOUND)[number];

export interface FoundAt {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId?: string;
}

/** Counts each of them for its tenant, and keeps its ids to be looked at. The subjects are locked. */
export async function countFound(tx: EntityManager, found: Found, at: readonly FoundAt[]): Promise<void> {
  if (at.length === 0) return;
  await tx.query(
    `INSERT INTO reconciliation AS r (tenant_id, ${found})
     SELECT t.id, count(*) FROM unnest($1::uuid[]) AS t (id) GROUP BY t.id ORDER BY t.id
     ON CONFLICT (tenant_id) DO UPDATE SET ${found} = r.${found} + EXCLUDED.${found}`,
    [at.map(({ tenantId }) => tenantId)],
  );
  await tx.query(
    `INSERT INTO finding AS f (kind, tenant_id, contact_id, enrolment_id)
     SELECT DISTINCT ON (n.contact_id) $1, n.*
     FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS n (tenant_id, contact_id, enrolment_id)
     JOIN subject s ON s.contact_id = n.contact_id AND s.erased_at IS NULL ORDER BY n.contact_id
     ON CONFLICT (contact_id, kind) DO UPDATE SET times = f.times + 1, last_at = now(), enrolment_id = EXCLUDED.enrolment_id`,
    [
      found,
      at.map(({ tenantId }) => tenantId),
      at.map(({ contactId }) => contactId),
      at.map(({ enrolmentId }) => enrolmentId),
    ],
  );
}
