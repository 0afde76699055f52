import type { EntityManager } from 'typeorm';
import { NotFound, type TenantCaller } from '#service';
import { Contact } from '../contacts/contact.js';

/** The contact this person signed up as; the token's subject leads to it and is erased with it. */
export const ownContact = (manager: EntityManager, { tenantId, subject }: TenantCaller): Promise<Contact | null> =>
  manager.findOneBy(Contact, { tenantId, candidateSubject: subject });

export const noAccount = (): NotFound => new NotFound('no-account', 'There is no account.');
