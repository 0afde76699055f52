import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ContactDeclined, ContactOptedIn, message } from '#contracts';
import { failPoint, Outbox } from '#messaging';
import { Audit } from '#service';
import { callBackMails } from '../consent/call-back-mails.js';
import { endAsksOfWithdrawn } from '../consent/opt-in-ask.js';
import type { Contact } from '../contacts/contact.js';
import type { ConsentText } from './consent-text.js';
import type { ConsentGiven } from './form.decision.js';

export interface NewConsent extends ConsentGiven {
  readonly emailId: string;
  readonly text: ConsentText;
}

/** Keeps what a person has decided, with its proof, and says so; nobody asks any more. In the transaction that holds the contact's lock. */
@Injectable()
export class RecordConsent {
  constructor(
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** Returns when: by the database's clock, after the lock was taken, so that later answers have later times. */
  async execute(tx: EntityManager, contact: Contact, given: NewConsent): Promise<Date> {
    const { id: contactId, tenantId } = contact;
    const { decision, how } = given;
    const at = await changeContact(tx, contact, given);
    await addRecord(tx, contact, given, at);
    failPoint('consent.recorded');
    if (contact.consent === 'opted-in') await endAsksOfWithdrawn(tx, contact);
    const data = { tenantId, contactId, at: at.toISOString() };
    const said = decision === 'opted-in' ? message(ContactOptedIn, data) : message(ContactDeclined, data);
    await this.outbox.add(tx, [said]);
    const mails = { contacts: [{ contactId, tenantId }], reason: decision, arrived: given.emailId };
    await callBackMails(tx, this.outbox, mails);
    const entry = { tenantId, action: `consent.${decision}`, target: contactId, detail: { how } };
    await this.audit.record(tx, 'link-holder', entry);
    return at;
  }
}

async function changeContact(tx: EntityManager, { id, tenantId }: Contact, { decision }: NewConsent): Promise<Date> {
  const [[row]]: [{ at: Date }[]] = await tx.query(
    `UPDATE contact SET consent = $3, consent_at = date_trunc('milliseconds', clock_timestamp()), updated_at = now()
     WHERE id = $1 AND tenant_id = $2 RETURNING consent_at AS at`,
    [id, tenantId, decision],
  );
  if (!row) throw new TypeError('a locked contact is not there');
  return row.at;
}

/** The words are kept once, however many have read them. */
async function addRecord(tx: EntityManager, contact: Contact, given: NewConsent, at: Date): Promise<void> {
  const { hash, language, version, text } = given.text;
  await tx.query(
    'INSERT INTO consent_text (hash, language, version, text) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [hash, language, version, text],
  );
  await tx.query(
    `INSERT INTO consent_record (id, tenant_id, contact_id, email_id, decision, how, text_hash, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [uuidv7(), contact.tenantId, contact.id, given.emailId, given.decision, given.how, hash, at],
  );
}
