import type { EntityManager } from 'typeorm';
import { ContactDisabled, message, type Requester } from '#contracts';
import type { Outbox } from '#messaging';
import { callBackMails } from '../consent/call-back-mails.js';
import type { Contact } from '../contacts/contact.js';

export interface Disabling {
  readonly contact: Contact;
  readonly requestedBy: Requester;
}

/** Hides locked contacts, keeps their data and says so; nobody asks them any more. Those that are hidden already stay as they are. */
export async function disableContacts(
  tx: EntityManager,
  outbox: Outbox,
  disablings: readonly Disabling[],
): Promise<void> {
  const active = disablings.filter(({ contact }) => contact.state === 'active');
  if (active.length === 0) return;
  // The time this transaction began: never after an effective date that was judged to be still to come, so the contact is
  // found when that has come and soft-deleted contacts are to be expunged. To the millisecond, as that date is.
  await tx.query(
    `UPDATE contact SET state = 'disabled', disabled_at = date_trunc('milliseconds', now()), updated_at = now(),
       disabled_by = disabling.requested_by
     FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS disabling (contact_id, tenant_id, requested_by)
     WHERE contact.id = disabling.contact_id AND contact.tenant_id = disabling.tenant_id AND contact.state = 'active'`,
    [
      active.map(({ contact }) => contact.id),
      active.map(({ contact }) => contact.tenantId),
      active.map(({ requestedBy }) => requestedBy),
    ],
  );
  const at = new Date().toISOString();
  const contacts = active.map(({ contact: { id: contactId, tenantId } }) => ({ contactId, tenantId }));
  await outbox.add(
    tx,
    contacts.map((contact) => message(ContactDisabled, { ...contact, at })),
  );
  await callBackMails(tx, outbox, { contacts, reason: 'disabled' });
}
