import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import type { TenantCaller } from '#service';
import { lockAccount } from '../accounts/own-contact.js';
import { judge } from './judge.js';
import type { ContactRemoved } from './removal-answers.js';
import { RemoveContact } from './remove-contact.js';

/**
 * The Delete Account button. With the client's expunge off the contact is disabled: hidden and unused, its data kept.
 * With expunge permanent the removal everywhere begins, or waits with the contact disabled. Pressed again it answers the
 * same and starts nothing new, until the contact is erased: from then on there is no account (404), because nothing here
 * leads to the person any more.
 */
@Injectable()
export class DeleteAccount {
  constructor(
    private readonly db: DataSource,
    private readonly removeContact: RemoveContact,
  ) {}

  async execute(caller: TenantCaller): Promise<ContactRemoved> {
    return inTenant(this.db, caller.tenantId, async (tx) => {
      const judged = await judge(tx, caller.tenantId, () => lockAccount(tx, caller));
      return this.removeContact.execute(tx, judged, { requestedBy: 'candidate', actor: 'candidate' });
    });
  }
}
