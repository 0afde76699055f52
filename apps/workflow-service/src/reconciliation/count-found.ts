import type { EntityManager } from 'typeorm';

/** What the reconciler, and who hears of mails, finds amiss. Codes of ours, never input. */
export type Found = 'timers_restored' | 'timers_removed' | 'asked_again' | 'unknown_mails';

/** Adds one for each tenant named, as often as it is named. */
export async function countFound(tx: EntityManager, found: Found, tenantIds: readonly string[]): Promise<void> {
  if (tenantIds.length === 0) return;
  await tx.query(
    `INSERT INTO reconciliation AS r (tenant_id, ${found})
     SELECT t.id, count(*) FROM unnest($1::uuid[]) AS t (id) GROUP BY t.id ORDER BY t.id
     ON CONFLICT (tenant_id) DO UPDATE SET ${found} = r.${found} + EXCLUDED.${found}`,
    [tenantIds],
  );
}
