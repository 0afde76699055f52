import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { TenantChanged } from '#contracts';
import type { BatchHandler, Received } from '#messaging';

/** Remembers what certificates say about a client company. The newest revision wins, in whatever order they come. */
@Injectable()
export class LearnTenant implements BatchHandler<TenantChanged> {
  async handle(messages: readonly Received<TenantChanged>[], tx: EntityManager): Promise<void> {
    await tx.query(
      `INSERT INTO tenant (tenant_id, revision, name, privacy_contact)
       SELECT DISTINCT ON (n.tenant_id) n.tenant_id, n.revision, n.name, n.privacy_contact
       FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) AS n (tenant_id, revision, name, privacy_contact)
       ORDER BY n.tenant_id, n.revision DESC
       ON CONFLICT (tenant_id) DO UPDATE
         SET revision = EXCLUDED.revision, name = EXCLUDED.name, privacy_contact = EXCLUDED.privacy_contact
         WHERE tenant.revision < EXCLUDED.revision`,
      [
        messages.map(({ data }) => data.tenantId),
        messages.map(({ data }) => data.revision),
        messages.map(({ data }) => data.name),
        messages.map(({ data }) => data.privacyContact),
      ],
    );
  }
}
