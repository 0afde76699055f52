import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant, Outbox } from '#messaging';
import { Audit, type TenantCaller } from '#service';
import { type ContactView, viewOf } from './contact-view.js';
import { type ContactDetails, requireSomeone } from './contact-details.js';
import { createContact } from './create-contact.js';
import { OnePerAddress } from './one-per-address.js';

/** A recruiter adds a person by hand, perhaps with a name or a phone number only. */
@Injectable()
export class AddContact {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly onePerAddress: OnePerAddress,
  ) {}

  async execute(caller: TenantCaller, details: ContactDetails): Promise<ContactView> {
    requireSomeone(details);
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      if (details.email) await this.onePerAddress.require(tx, tenantId, details.email);
      const contact = await createContact(tx, this.outbox, { tenantId, source: 'manual', details });
      await this.audit.record(tx, caller, { tenantId, action: 'contact.added', target: contact.id });
      return viewOf(contact);
    });
  }
}
