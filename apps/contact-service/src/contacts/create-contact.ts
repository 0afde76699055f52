import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ContactAdded, type ContactSource, message } from '#contracts';
import { lockSubjects } from '#erasure';
import type { Outbox } from '#messaging';
import { Rejection } from '#service';
import { Tenant } from '../tenants/tenant.js';
import { Contact } from './contact.js';
import { columnsOf, type ContactDetails } from './contact-details.js';

export interface NewContact {
  readonly tenantId: string;
  readonly source: ContactSource;
  readonly details: ContactDetails;
  readonly candidateSubject?: string;
  readonly addressVerified?: boolean;
}

/** Makes a contact with a new id and its subject row, and announces it, in the caller's transaction. */
export async function createContact(tx: EntityManager, outbox: Outbox, added: NewContact): Promise<Contact> {
  const { tenantId, source, details, candidateSubject, addressVerified } = added;
  const [id, now] = [uuidv7(), new Date()];
  if (!(await tx.existsBy(Tenant, { id: tenantId }))) throw notSetUp();
  await lockSubjects(tx, [{ contactId: id, tenantId }]);
  const contact = tx.create(Contact, {
    ...columnsOf(details),
    id,
    tenantId,
    source,
    candidateSubject,
    addressVerified,
    state: 'active',
    createdAt: now,
    updatedAt: now,
  });
  await tx.insert(Contact, contact);
  const country = details.country ?? undefined;
  await outbox.add(tx, [message(ContactAdded, { tenantId, contactId: id, source, country, at: now.toISOString() })]);
  return contact;
}

const notSetUp = (): Rejection => new Rejection('unknown-tenant', 'This client company has not been set up yet.');
