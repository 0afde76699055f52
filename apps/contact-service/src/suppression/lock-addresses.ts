import type { EntityManager } from 'typeorm';

/** First number of the advisory locks on an address; each kind of lock in this database has its own. */
const ADDRESS_LOCK = 1;

/**
 * Locks normalised addresses of a company until the transaction ends. Whoever adds or erases somebody with an address does
 * this first, after the locks on existing subjects, and looks at contacts and ledger only afterwards, in further statements.
 * In the order of the locks' own numbers, so that two batches never wait for each other.
 */
export async function lockAddresses(tx: EntityManager, tenantId: string, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return;
  await tx.query(
    `SELECT pg_advisory_xact_lock($1, number) FROM (
       SELECT DISTINCT hashtext($2 || ' ' || address) AS number FROM unnest($3::text[]) AS address ORDER BY 1 OFFSET 0
     ) AS locks`,
    [ADDRESS_LOCK, tenantId, addresses],
  );
}
