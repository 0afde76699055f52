import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { addressKey } from '../contacts/address-key.js';
import type { Contact } from '../contacts/contact.js';
import { lockAddresses } from '../suppression/lock-addresses.js';
import { SuppressionKeys } from '../suppression/suppression-keys.js';

/**
 * Before a contact gets another address, or none: rows of import reports that were refused because of the one it has are
 * known by that address only. From now on they are known by the contact, so that its expunge still takes them along.
 */
@Injectable()
export class LeaveAddress {
  constructor(private readonly keys: SuppressionKeys) {}

  /** The subject is locked. Both addresses are from here on: an import that refuses a row because of one ends first. */
  async execute(
    tx: EntityManager,
    { id, tenantId, emailNormalised: before }: Pick<Contact, 'id' | 'tenantId' | 'emailNormalised'>,
    next: string | null,
  ): Promise<void> {
    const after = next === null ? null : addressKey(next);
    if (before === null || before === after) return;
    await lockAddresses(tx, tenantId, after === null ? [before] : [before, after]);
    await tx.query(
      `UPDATE import_row SET contact_id = $1 WHERE tenant_id = $2 AND address_hash = $3 AND contact_id IS NULL`,
      [id, tenantId, this.keys.hash(tenantId, before)],
    );
  }
}
