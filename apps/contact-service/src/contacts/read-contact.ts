import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Contact, type ContactView, viewOf } from './contact.js';
import { removed, unknown } from './lock-contact.js';

/** One contact, also a disabled one. What is being removed is not shown any more. */
@Injectable()
export class ReadContact {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string): Promise<ContactView> {
    const contact = await this.db.manager.findOneBy(Contact, { id: contactId, tenantId });
    if (contact && contact.state !== 'expunging') return viewOf(contact);
    if (contact || (await this.wasErased(tenantId, contactId))) throw removed(contactId);
    throw unknown();
  }

  private async wasErased(tenantId: string, contactId: string): Promise<boolean> {
    const tombstones: unknown[] = await this.db.query(
      'SELECT 1 FROM subject WHERE contact_id = $1 AND tenant_id = $2 AND erased_at IS NOT NULL',
      [contactId, tenantId],
    );
    return tombstones.length > 0;
  }
}
