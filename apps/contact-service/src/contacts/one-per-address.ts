import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Rejection } from '#service';
import { addressKey } from './address-key.js';
import { lockAddresses } from '../suppression/lock-addresses.js';
import { addressSuppressed, suppressedAmong } from '../suppression/suppression.js';
import { SuppressionKeys } from '../suppression/suppression-keys.js';

/**
 * What a company adds itself may neither double a contact it has nor bring back the address of somebody who was removed. Of
 * two writers with one address, an erase among them, the second waits here for the first and then finds what that has left.
 * A lock instead of a unique index, because the person's own sign-up is exempt: it must neither be stopped by what a
 * recruiter typed nor tell anybody that the address is known, and two people may share an inbox.
 */
@Injectable()
export class OnePerAddress {
  constructor(private readonly keys: SuppressionKeys) {}

  /** Locks the address and refuses it unless it is free. `own` is the contact it is for, if that exists already. */
  async require(
    tx: EntityManager,
    tenantId: string,
    address: string,
    own?: { readonly id: string; readonly emailNormalised: string | null },
  ): Promise<void> {
    const normalised = addressKey(address);
    await lockAddresses(tx, tenantId, [normalised]);
    // Whoever has the address keeps it, for example after an own sign-up.
    if (own?.emailNormalised !== normalised) await this.requireNotSuppressed(tx, tenantId, normalised);
    await requireUnused(tx, tenantId, normalised, own?.id);
  }

  private async requireNotSuppressed(tx: EntityManager, tenantId: string, normalised: string): Promise<void> {
    const hash = this.keys.hash(tenantId, normalised);
    const entry = (await suppressedAmong(tx, tenantId, [hash])).get(hash);
    if (entry) throw addressSuppressed(entry);
  }
}

async function requireUnused(tx: EntityManager, tenantId: string, normalised: string, ownId?: string): Promise<void> {
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
