import type { EntityManager } from 'typeorm';
import { lockKnownSubjects } from '#erasure';
import { Gone, NotFound, Rejection } from '#service';
import { Contact } from './contact.js';

/** The contact is being removed or has been; the answer leads to where one sees how far that is. */
export const removed = (contactId: string): Gone =>
  new Gone('contact-removed', 'This contact is removed for good.', `See /v1/contacts/${contactId}/removal.`);

export const unknown = (): NotFound => new NotFound('unknown-contact', 'There is no such contact.');

/**
 * The contact as it is while nobody else can change it, in whatever state. First the lock on the subject row, in a
 * statement of its own, then the tombstone, and only then the look at the contact: who waited here for an erase finds the
 * tombstone. Throws NotFound (also for another tenant's) or Gone.
 */
export async function lockContact(tx: EntityManager, tenantId: string, contactId: string): Promise<Contact> {
  const subject = (await lockKnownSubjects(tx, [contactId])).get(contactId);
  if (subject?.tenantId !== tenantId) throw unknown();
  if (subject.tombstone) throw removed(contactId);
  const contact = await tx.findOneBy(Contact, { id: contactId, tenantId });
  if (!contact) throw unknown();
  return contact;
}

/** The same for a change: expunging contacts are gone for everybody, disabled ones are not used. */
export async function lockContactForChange(tx: EntityManager, tenantId: string, contactId: string): Promise<Contact> {
  const contact = await lockContact(tx, tenantId, contactId);
  switch (contact.state) {
    case 'active':
      return contact;
    case 'disabled':
      throw new Rejection('contact-disabled', 'This contact is disabled and is not used any more.');
    case 'expunging':
      throw removed(contactId);
  }
}
