import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, normaliseAddress } from '#service';
import { lockAddresses } from './lock-addresses.js';
import { SuppressionKeys } from './suppression-keys.js';

/** A person who signs up wants to be here, so the entry for the address goes. */
@Injectable()
export class ClearSuppression {
  constructor(
    private readonly keys: SuppressionKeys,
    private readonly audit: Audit,
  ) {}

  /** In the sign-up's transaction, before the contact is written. */
  async execute(tx: EntityManager, tenantId: string, address: string): Promise<void> {
    await lockAddresses(tx, tenantId, [normaliseAddress(address)]);
    const [rows]: [{ id: string }[], number] = await tx.query(
      'DELETE FROM suppression WHERE tenant_id = $1 AND address_hash = $2 RETURNING id',
      [tenantId, this.keys.hash(tenantId, address)],
    );
    const entries = rows.map(({ id }) => ({ tenantId, action: 'suppression.cleared', target: id }));
    await this.audit.record(tx, 'candidate', ...entries);
  }
}
