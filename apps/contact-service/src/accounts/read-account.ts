import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Gone, type TenantCaller } from '#service';
import { type ContactView, viewOf } from '../contacts/contact-view.js';
import { removalWaits } from '../expunge/waiting-expunge.js';
import { noAccount, ownContact } from './own-contact.js';

/** A person's own account; after a soft delete there is none any more, as far as that person can see. */
@Injectable()
export class ReadAccount {
  constructor(private readonly db: DataSource) {}

  async execute(caller: TenantCaller): Promise<ContactView> {
    return inTenant(this.db, caller.tenantId, async (tx) => {
      const contact = await ownContact(tx, caller);
      switch (contact?.state) {
        case 'active':
          return viewOf(contact);
        case 'expunging':
          throw accountRemoved();
        case 'disabled':
          throw (await removalWaits(tx, contact)) ? accountRemoved() : noAccount();
        case undefined:
          throw noAccount();
      }
    });
  }
}

const accountRemoved = (): Gone => new Gone('account-removed', 'The account is being removed for good.');
