import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ContactDisabled, message } from '#contracts';
import { Outbox } from '#messaging';
import type { TenantCaller } from '#service';
import { lockAccount } from '../accounts/own-contact.js';
import { Contact } from '../contacts/contact.js';
import { type Expunging, judge, RequestExpunge } from './request-expunge.js';

export type AccountDeleted = Expunging | { readonly outcome: 'disabled' };

/**
 * The Delete Account button. With the client's expunge off the contact is disabled: hidden and unused, its data kept.
 * With expunge permanent the removal everywhere begins. Pressed again it answers the same and starts nothing new, until
 * the contact is erased: from then on there is no account (404), because nothing here leads to the person any more.
 */
@Injectable()
export class DeleteAccount {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly requestExpunge: RequestExpunge,
  ) {}

  async execute(caller: TenantCaller): Promise<AccountDeleted> {
    return this.db.transaction(async (tx) => {
      const judged = await judge(tx, caller.tenantId, () => lockAccount(tx, caller));
      switch (judged.decision) {
        case 'expunge':
          return this.requestExpunge.execute(tx, judged, 'candidate');
        case 'already-expunging':
          return this.requestExpunge.answerAgain(judged.contact);
        case 'disable':
          return this.disable(tx, judged.contact);
        case 'already-disabled':
          return { outcome: 'disabled' };
      }
    });
  }

  private async disable(tx: EntityManager, { id: contactId, tenantId }: Contact): Promise<AccountDeleted> {
    const now = new Date();
    await tx.update(Contact, { id: contactId }, { state: 'disabled', updatedAt: now });
    await this.outbox.add(tx, [message(ContactDisabled, { tenantId, contactId, at: now.toISOString() })]);
    return { outcome: 'disabled' };
  }
}
