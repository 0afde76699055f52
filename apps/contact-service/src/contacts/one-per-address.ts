import type { EntityManager } from 'typeorm';
import { normaliseAddress, Rejection } from '#service';

/** First number of the advisory locks on an address; each kind of lock in this database has its own. */
const ADDRESS_LOCK = 1;

/**
 * What a company adds itself may not double a contact it has: refuses an address another contact of the tenant uses. Of
 * two writers with one address the second waits here for the first, until the transaction ends, and then finds it.
 * A lock instead of a unique index, because the person's own sign-up is exempt: it must neither be stopped by what a
 * recruiter typed nor tell anybody that the address is known, and two people may share an inbox.
 */
export async function requireFreeAddress(
  tx: EntityManager,
  tenantId: string,
  address: string,
  ownId?: string,
): Promise<void> {
  const normalised = normaliseAddress(address);
  await tx.query(`SELECT pg_advisory_xact_lock($1, hashtext($2))`, [ADDRESS_LOCK, `${tenantId} ${normalised}`]);
  const [other]: { id: string; state: string }[] = await tx.query(
    `SELECT id, state FROM contact WHERE tenant_id = $1 AND email_normalised = $2 AND id IS DISTINCT FROM $3
     ORDER BY id LIMIT 1`,
    [tenantId, normalised, ownId ?? null],
  );
  if (!other) return;
  if (other.state === 'expunging') {
    throw new Rejection('address-being-removed', 'A contact with this address is being removed.');
  }
  throw new Rejection('address-taken', 'A contact has this address already.', 409, `It is /v1/contacts/${other.id}.`);
}
