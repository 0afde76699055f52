import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Gone, type TenantCaller } from '#service';
import { type ContactView, viewOf } from '../contacts/contact.js';
import { noAccount, ownContact } from './own-contact.js';

/** A person's own account; after a soft delete there is none any more, as far as that person can see. */
@Injectable()
export class ReadAccount {
  constructor(private readonly db: DataSource) {}

  async execute(caller: TenantCaller): Promise<ContactView> {
    const contact = await ownContact(this.db.manager, caller);
    switch (contact?.state) {
      case 'active':
        return viewOf(contact);
      case 'expunging':
        throw new Gone('account-removed', 'The account is being removed for good.');
      case 'disabled':
      case undefined:
        throw noAccount();
    }
  }
}
