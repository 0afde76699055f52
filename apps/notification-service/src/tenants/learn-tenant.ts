import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { TenantChanged } from '#contracts';
import type { BatchHandler, Received } from '#messaging';

/** Keeps the newest facts about each client company: whose name and domain a mail is sent in, and in which languages. */
@Injectable()
export class LearnTenant implements BatchHandler<TenantChanged> {
  async handle(messages: readonly Received<TenantChanged>[], tx: EntityManager): Promise<void> {
    const newest = new Map<string, TenantChanged>();
    for (const { data } of messages) {
      if (data.revision >= (newest.get(data.tenantId)?.revision ?? 0)) newest.set(data.tenantId, data);
    }
    const rows = [...newest.values()].map((data) => ({
      tenant_id: data.tenantId,
      revision: data.revision,
      name: data.name,
      languages: data.languages,
      privacy_contact: data.privacyContact,
      mail_domain: data.mailDomain,
    }));
    await tx.query(
      `INSERT INTO tenant (tenant_id, revision, name, languages, privacy_contact, mail_domain)
       SELECT r.tenant_id, r.revision, r.name, r.languages, r.privacy_contact, r.mail_domain
       FROM jsonb_to_recordset($1::jsonb)
         AS r (tenant_id uuid, revision int, name text, languages text[], privacy_contact text,
               mail_domain text)
       ORDER BY r.tenant_id
       ON CONFLICT (tenant_id) DO UPDATE
         SET revision = EXCLUDED.revision, name = EXCLUDED.name, languages = EXCLUDED.languages,
             privacy_contact = EXCLUDED.privacy_contact, mail_domain = EXCLUDED.mail_domain
         WHERE tenant.revision < EXCLUDED.revision`,
      [JSON.stringify(rows)],
    );
  }
}
