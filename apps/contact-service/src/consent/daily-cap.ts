import type { EntityManager } from 'typeorm';

/** How many contacts of a client company were removed for their silence today, and which day that is. */
export interface RemovedToday {
  readonly day: string;
  readonly expunged: number;
}

/**
 * Locks the day's count (UTC, by the database's clock) until the transaction ends: of two at once the second waits here and
 * then finds what the first has taken, so the cap is exact. Called after the contacts were locked.
 */
export async function lockRemovedToday(tx: EntityManager, tenantId: string): Promise<RemovedToday> {
  const [row]: RemovedToday[] = await tx.query(
    `INSERT INTO silent_expunge_day AS known (tenant_id, day, expunged)
     VALUES ($1, (clock_timestamp() AT TIME ZONE 'UTC')::date, 0)
     ON CONFLICT (tenant_id, day) DO UPDATE SET expunged = known.expunged
     RETURNING day::text, expunged`,
    [tenantId],
  );
  if (!row) throw new TypeError('a day without a count');
  return row;
}

export async function addRemovedToday(
  tx: EntityManager,
  tenantId: string,
  { day, more }: { readonly day: string; readonly more: number },
): Promise<void> {
  if (more === 0) return;
  await tx.query('UPDATE silent_expunge_day SET expunged = expunged + $3 WHERE tenant_id = $1 AND day = $2', [
    tenantId,
    day,
    more,
  ]);
}
