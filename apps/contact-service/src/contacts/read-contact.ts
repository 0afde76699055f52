import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant, readRows } from '#messaging';
import { Contact } from './contact.js';
import { type ContactView, viewOf } from './contact-view.js';
import { removed, unknown } from './lock-contact.js';

/** One contact, also a disabled one. What is being removed is not shown any more. */
@Injectable()
export class ReadContact {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string): Promise<ContactView> {
    const [contact] = await readRows<ContactView>(this.db, tenantId, { ...VISIBLE_CONTACT, values: [contactId] });
    return contact ?? inTenant(this.db, tenantId, async (tx) => viewOf(await lookAtContact(tx, tenantId, contactId)));
  }
}

/** The most frequent question of all. */
const VISIBLE_CONTACT = {
  name: 'visible-contact',
  text: `SELECT id, source, source_detail AS "sourceDetail", lawful_basis AS "lawfulBasis", import_id AS "importId", state, email, given_name AS "givenName", family_name AS "familyName", phone, language, country,
           consent, created_at AS "createdAt", updated_at AS "updatedAt"
         FROM contact WHERE id = $2 AND contact.tenant_id = bound.tenant_id AND state <> 'expunging'`,
};

/** The contact without a lock, for who only shows something. Throws NotFound (also for another tenant's) or Gone. */
export async function lookAtContact(tx: EntityManager, tenantId: string, contactId: string): Promise<Contact> {
  const contact = await tx.findOneBy(Contact, { id: contactId, tenantId });
  if (contact && contact.state !== 'expunging') return contact;
  if (contact || (await wasErased(tx, tenantId, contactId))) throw removed(contactId);
  throw unknown();
}

async function wasErased(tx: EntityManager, tenantId: string, contactId: string): Promise<boolean> {
  const tombstones: unknown[] = await tx.query(
    'SELECT 1 FROM subject WHERE contact_id = $1 AND tenant_id = $2 AND erased_at IS NOT NULL',
    [contactId, tenantId],
  );
  return tombstones.length > 0;
}
