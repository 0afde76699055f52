import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Contact, type ContactView, viewOf } from './contact.js';
import { columnsOf, type ContactDetails, requireSomeone } from './contact-details.js';
import { lockContactForChange } from './lock-contact.js';
import { requireFreeAddress } from './one-per-address.js';

/** A recruiter corrects what is known of a person. Nothing is announced: other services know no details. */
@Injectable()
export class ChangeContact {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string, details: ContactDetails): Promise<ContactView> {
    return this.db.transaction(async (tx) => {
      const contact = await lockContactForChange(tx, tenantId, contactId);
      if (details.email) await requireFreeAddress(tx, tenantId, details.email, contactId);
      const changed = tx.merge<Contact>(Contact, contact, columnsOf(details), { updatedAt: new Date() });
      requireSomeone(changed);
      await tx.update(Contact, { id: contactId }, changed);
      return viewOf(changed);
    });
  }
}
