import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, EmailAddress, Example, type TenantCaller } from '#service';
import { Suppression } from './suppression.js';
import { SuppressionKeys } from './suppression-keys.js';
import { type SuppressionFound, suppressionViewOf } from './suppression-view.js';

@Example({ email: 'tom.reed@example.org' })
export class SuppressionLookup {
  @EmailAddress() email: string;
}

/** The privacy officer asks whether an address may not be added, and why. That it was asked is written down, not for what. */
@Injectable()
export class LookupSuppression {
  constructor(
    private readonly db: DataSource,
    private readonly keys: SuppressionKeys,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, { email }: SuppressionLookup): Promise<SuppressionFound> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const addressHash = this.keys.hash(tenantId, email);
      const entry = await tx.findOneBy(Suppression, { tenantId, addressHash, until: MoreThan(new Date()) });
      const detail = { found: entry !== null };
      await this.audit.record(tx, caller, { tenantId, action: 'suppression.looked-up', target: entry?.id, detail });
      return { suppressed: entry !== null, entry: entry && suppressionViewOf(entry) };
    });
  }
}
