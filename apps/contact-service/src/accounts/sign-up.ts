import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ContactEnabled, message } from '#contracts';
import { Outbox } from '#messaging';
import { Rejection, type TenantCaller } from '#service';
import { Contact, type ContactView, viewOf } from '../contacts/contact.js';
import { columnsOf, type SignUpDetails } from '../contacts/contact-details.js';
import { createContact } from '../contacts/create-contact.js';
import { lockOwnContact } from './own-contact.js';

/** First number of the advisory locks on a candidate; each kind of lock in this database has its own. */
const CANDIDATE_LOCK = 2;

/**
 * A person signs up on the career site. Once more with the same token subject: an active account is answered as it is, a
 * disabled one is enabled again with what was given now, one that is being removed is refused. After the erasure, also one
 * that this waited for, nothing leads back to the old contact, so it is a new one.
 */
@Injectable()
export class SignUp {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {}

  async execute(caller: TenantCaller, details: SignUpDetails): Promise<{ created: boolean; contact: ContactView }> {
    return this.db.transaction(async (tx) => {
      await lockCandidate(tx, caller);
      const known = await lockOwnContact(tx, caller);
      if (known) return { created: false, contact: viewOf(await this.comeBack(tx, known, details)) };
      const { tenantId, subject: candidateSubject } = caller;
      const added = { tenantId, source: 'career-site', details, candidateSubject } as const;
      return { created: true, contact: viewOf(await createContact(tx, this.outbox, added)) };
    });
  }

  private async comeBack(tx: EntityManager, contact: Contact, details: SignUpDetails): Promise<Contact> {
    switch (contact.state) {
      case 'active':
        return contact;
      case 'disabled':
        return this.enable(tx, contact, details);
      case 'expunging':
        throw new Rejection('account-being-removed', 'The account is being removed. Sign up again when that is done.');
    }
  }

  private async enable(tx: EntityManager, contact: Contact, details: SignUpDetails): Promise<Contact> {
    const { id: contactId, tenantId } = contact;
    const now = new Date();
    const enabled = tx.merge<Contact>(Contact, contact, columnsOf(details), { state: 'active', updatedAt: now });
    await tx.update(Contact, { id: contactId }, enabled);
    await this.outbox.add(tx, [message(ContactEnabled, { tenantId, contactId, at: now.toISOString() })]);
    return enabled;
  }
}

/** Of two sign-ups of one person at once the second waits here until the first has committed, and then finds it. */
async function lockCandidate(tx: EntityManager, { tenantId, subject }: TenantCaller): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [CANDIDATE_LOCK, `${tenantId} ${subject}`]);
}
