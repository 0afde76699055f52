import type { EntityManager } from 'typeorm';
import { ContactDisabled, message } from '#contracts';
import type { Outbox } from '#messaging';
import type { Contact } from '../contacts/contact.js';

/** Hides locked contacts, keeps their data and says so; those that are hidden already stay as they are. */
export async function disableContacts(tx: EntityManager, outbox: Outbox, contacts: readonly Contact[]): Promise<void> {
  const active = contacts.filter(({ state }) => state === 'active');
  if (active.length === 0) return;
  // The time this transaction began: never after an effective date that was judged to be still to come, so the contact is
  // found when that has come and soft-deleted contacts are to be expunged. To the millisecond, as that date is.
  await tx.query(
    `UPDATE contact SET state = 'disabled', disabled_at = date_trunc('milliseconds', now()), updated_at = now()
     WHERE id = ANY($1::uuid[]) AND state = 'active'`,
    [active.map(({ id }) => id)],
  );
  const at = new Date().toISOString();
  await outbox.add(
    tx,
    active.map(({ id: contactId, tenantId }) => message(ContactDisabled, { tenantId, contactId, at })),
  );
}
