import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, EmailAddress, Example, NotFound, PlainText, type TenantCaller } from '#service';
import { addressKey } from '../contacts/address-key.js';
import { lockAddresses } from './lock-addresses.js';
import { Suppression } from './suppression.js';
import { SuppressionKeys } from './suppression-keys.js';
import { type SuppressionView, suppressionViewOf } from './suppression-view.js';

@Example({ email: 'tom.reed@example.org', reason: 'He asked at the fair to be added again.' })
export class SuppressionLift {
  @EmailAddress() email: string;
  @PlainText(500) reason: string;
}

/** The privacy officer lets an address be added again. The hash goes; who lifted it, and why, stays as long as it would have. */
@Injectable()
export class LiftSuppression {
  constructor(
    private readonly db: DataSource,
    private readonly keys: SuppressionKeys,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, { email, reason }: SuppressionLift): Promise<SuppressionView> {
    const { tenantId, subject } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lockAddresses(tx, tenantId, [addressKey(email)]);
      const [[lifted]]: [{ id: string }[], number] = await tx.query(
        `UPDATE suppression SET address_hash = NULL, lifted_at = clock_timestamp(), lifted_by = $3, lift_reason = $4
         WHERE tenant_id = $1 AND address_hash = $2 AND until > clock_timestamp() RETURNING id`,
        [tenantId, this.keys.hash(tenantId, email), subject, reason],
      );
      if (!lifted) throw new NotFound('not-suppressed', 'This address is not kept from being added.');
      await this.audit.record(tx, caller, { tenantId, action: 'suppression.lifted', target: lifted.id });
      return suppressionViewOf(await tx.findOneByOrFail(Suppression, { id: lifted.id, tenantId }));
    });
  }
}
