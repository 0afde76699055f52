import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AskAgain, message } from '#contracts';
import { inTenant, Outbox } from '#messaging';
import { Audit, type TenantCaller } from '#service';
import { Contact } from './contact.js';
import { type ContactView, viewOf } from './contact-view.js';
import { columnsOf, type ContactDetails, requireSomeone } from './contact-details.js';
import { callBackMails } from '../consent/call-back-mails.js';
import { noteAddressChange } from '../consent/opt-in-ask.js';
import { LeaveAddress } from '../imports/leave-address.js';
import { lockContactForChange } from './lock-contact.js';
import { OnePerAddress } from './one-per-address.js';

/** A recruiter corrects what is known of a person. Other services know no details; only whom they must ask again they are told. */
@Injectable()
export class ChangeContact {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly onePerAddress: OnePerAddress,
    private readonly leaveAddress: LeaveAddress,
  ) {}

  async execute(caller: TenantCaller, contactId: string, details: ContactDetails): Promise<ContactView> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const contact = await lockContactForChange(tx, tenantId, contactId);
      if (details.email !== undefined) await this.leaveAddress.execute(tx, contact, details.email);
      if (details.email) await this.onePerAddress.require(tx, tenantId, details.email, contact);
      const addressBefore = contact.emailNormalised;
      const addressVerified = contact.addressVerified && details.email === undefined;
      const changes = { ...columnsOf(details), addressVerified, updatedAt: new Date() };
      const changed = tx.merge<Contact>(Contact, contact, changes);
      requireSomeone(changed);
      await tx.update(Contact, { id: contactId, tenantId }, changes);
      if (changed.emailNormalised !== addressBefore) await this.askAnew(tx, contact);
      await this.audit.record(tx, caller, { tenantId, action: 'contact.changed', target: contactId });
      return viewOf(changed);
    });
  }

  /** What was sent, or is under way, to the old address has not asked this person. */
  private async askAnew(tx: EntityManager, contact: Contact): Promise<void> {
    await noteAddressChange(tx, contact);
    const { id: contactId, tenantId } = contact;
    await callBackMails(tx, this.outbox, { contacts: [{ contactId, tenantId }] });
    await this.outbox.add(tx, [message(AskAgain, { tenantId, contactId, at: new Date().toISOString() })]);
  }
}
