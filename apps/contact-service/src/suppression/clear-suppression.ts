import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type TenantCaller } from '#service';
import { addressKey } from '../contacts/address-key.js';
import { lockAddresses } from './lock-addresses.js';
import { SuppressionKeys } from './suppression-keys.js';

/**
 * A person who signs up wants to be here, so the entry for the address goes: if the identity provider says that the address
 * is theirs. Otherwise anybody could end the entry of somebody else by typing an address.
 */
@Injectable()
export class ClearSuppression {
  constructor(
    private readonly keys: SuppressionKeys,
    private readonly audit: Audit,
  ) {}

  /**
   * In the sign-up's transaction, before the contact is written: the address is locked from here on, in any case. Whether it
   * is known to be the caller's.
   */
  async execute(tx: EntityManager, { tenantId, verifiedEmail = '' }: TenantCaller, address: string): Promise<boolean> {
    await lockAddresses(tx, tenantId, [addressKey(address)]);
    if (addressKey(verifiedEmail) !== addressKey(address)) return false;
    const [rows]: [{ id: string }[], number] = await tx.query(
      'DELETE FROM suppression WHERE tenant_id = $1 AND address_hash = $2 RETURNING id',
      [tenantId, this.keys.hash(tenantId, address)],
    );
    const entries = rows.map(({ id }) => ({ tenantId, action: 'suppression.cleared', target: id }));
    await this.audit.record(tx, 'candidate', ...entries);
    return true;
  }
}
