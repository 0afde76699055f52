import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Outbox } from '#messaging';
import { type ContactView, viewOf } from './contact.js';
import { type ContactDetails, requireSomeone } from './contact-details.js';
import { createContact } from './create-contact.js';
import { requireFreeAddress } from './one-per-address.js';

/** A recruiter adds a person by hand, perhaps with a name or a phone number only. */
@Injectable()
export class AddContact {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {}

  async execute(tenantId: string, details: ContactDetails): Promise<ContactView> {
    requireSomeone(details);
    return this.db.transaction(async (tx) => {
      if (details.email) await requireFreeAddress(tx, tenantId, details.email);
      return viewOf(await createContact(tx, this.outbox, { tenantId, source: 'manual', details }));
    });
  }
}
