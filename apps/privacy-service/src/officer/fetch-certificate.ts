import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, NotFound, type TenantCaller } from '#service';

/**
 * The signed certificate of a tenant's request (JWS); not found while there is none, or for another tenant. Who fetched
 * it is written down.
 */
@Injectable()
export class FetchCertificate {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, expungeId: string): Promise<string> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const [row]: { certificate: string | null }[] = await tx.query(
        'SELECT certificate FROM expunge_request WHERE expunge_id = $1 AND tenant_id = $2',
        [expungeId, tenantId],
      );
      if (!row?.certificate) throw new NotFound();
      await this.audit.record(tx, caller, { tenantId, action: 'certificate.fetched', target: expungeId });
      return row.certificate;
    });
  }
}
