import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotFound } from '#service';

/** The signed certificate of a tenant's request (JWS); not found while there is none, or for another tenant. */
@Injectable()
export class FetchCertificate {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, expungeId: string): Promise<string> {
    const [row]: { certificate: string | null }[] = await this.db.query(
      'SELECT certificate FROM expunge_request WHERE expunge_id = $1 AND tenant_id = $2',
      [expungeId, tenantId],
    );
    if (!row?.certificate) throw new NotFound();
    return row.certificate;
  }
}
