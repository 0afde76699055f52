import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ContactEnabled, message } from '#contracts';
import { inTenant, Outbox } from '#messaging';
import { Audit, Rejection, type TenantCaller } from '#service';
import { Contact } from '../contacts/contact.js';
import { type ContactView, viewOf } from '../contacts/contact-view.js';
import { columnsOf, type SignUpDetails } from '../contacts/contact-details.js';
import { createContact } from '../contacts/create-contact.js';
import { LeaveAddress } from '../imports/leave-address.js';
import { removalWaits } from '../expunge/waiting-expunge.js';
import { ClearSuppression } from '../suppression/clear-suppression.js';
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
    private readonly audit: Audit,
    private readonly clearSuppression: ClearSuppression,
    private readonly leaveAddress: LeaveAddress,
  ) {}

  async execute(caller: TenantCaller, details: SignUpDetails): Promise<{ created: boolean; contact: ContactView }> {
    const { tenantId, subject: candidateSubject } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lockCandidate(tx, caller);
      const known = await lockOwnContact(tx, caller);
      if (known) return { created: false, contact: viewOf(await this.comeBack(tx, caller, known, details)) };
      const addressVerified = await this.clearSuppression.execute(tx, caller, details.email);
      const added = { tenantId, source: 'career-site', details, candidateSubject, addressVerified } as const;
      const contact = await createContact(tx, this.outbox, added);
      await this.audit.record(tx, 'candidate', { tenantId, action: 'account.created', target: contact.id });
      return { created: true, contact: viewOf(contact) };
    });
  }

  private async comeBack(
    tx: EntityManager,
    caller: TenantCaller,
    contact: Contact,
    details: SignUpDetails,
  ): Promise<Contact> {
    switch (contact.state) {
      case 'active':
        await this.proveAddress(tx, caller, contact);
        return contact;
      case 'disabled':
        // Enabled again, the account would be in use when the removal that waits begins.
        if (await removalWaits(tx, contact)) throw beingRemoved();
        return this.enable(tx, caller, contact, details);
      case 'expunging':
        throw beingRemoved();
    }
  }

  /** The identity provider may have verified the address after the sign-up. Only the one the account has counts. */
  private async proveAddress(tx: EntityManager, caller: TenantCaller, { id, email, addressVerified }: Contact) {
    if (addressVerified || email === null) return;
    if (!(await this.clearSuppression.execute(tx, caller, email))) return;
    await tx.update(Contact, { id, tenantId: caller.tenantId }, { addressVerified: true });
  }

  private async enable(
    tx: EntityManager,
    caller: TenantCaller,
    contact: Contact,
    details: SignUpDetails,
  ): Promise<Contact> {
    const { id: contactId, tenantId } = contact;
    await this.leaveAddress.execute(tx, contact, details.email);
    const addressVerified = await this.clearSuppression.execute(tx, caller, details.email);
    const now = new Date();
    const active = { state: 'active', disabledAt: null, disabledBy: null, updatedAt: now } as const;
    const changes = { ...columnsOf(details), ...active, addressVerified };
    await tx.update(Contact, { id: contactId, tenantId }, changes);
    await this.audit.record(tx, 'candidate', { tenantId, action: 'account.enabled', target: contactId });
    await this.outbox.add(tx, [message(ContactEnabled, { tenantId, contactId, at: now.toISOString() })]);
    return tx.merge<Contact>(Contact, contact, changes);
  }
}

const beingRemoved = (): Rejection =>
  new Rejection('account-being-removed', 'The account is being removed. Sign up again when that is done.');

/** Of two sign-ups of one person at once the second waits here until the first has committed, and then finds it. */
async function lockCandidate(tx: EntityManager, { tenantId, subject }: TenantCaller): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [CANDIDATE_LOCK, `${tenantId} ${subject}`]);
}
