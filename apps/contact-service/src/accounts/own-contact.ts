import type { EntityManager } from 'typeorm';
import { lockKnownSubjects } from '#erasure';
import { NotFound, type TenantCaller } from '#service';
import { Contact } from '../contacts/contact.js';

/** The contact this person signed up as; the token's subject leads to it and is erased with it. */
export const ownContact = (manager: EntityManager, { tenantId, subject }: TenantCaller): Promise<Contact | null> =>
  manager.findOneBy(Contact, { tenantId, candidateSubject: subject });

/**
 * The same while nobody else can change it, in whatever state; null also when it was erased while this waited for the
 * lock. Looks again after the lock, by the id that is locked.
 */
export async function lockOwnContact(tx: EntityManager, caller: TenantCaller): Promise<Contact | null> {
  const own = await ownContact(tx, caller);
  if (!own) return null;
  await lockKnownSubjects(tx, [own.id]);
  return tx.findOneBy(Contact, { id: own.id, tenantId: own.tenantId });
}

/** The same for who must have an account. */
export async function lockAccount(tx: EntityManager, caller: TenantCaller): Promise<Contact> {
  const own = await lockOwnContact(tx, caller);
  if (!own) throw noAccount();
  return own;
}

export const noAccount = (): NotFound => new NotFound('no-account', 'There is no account.');
