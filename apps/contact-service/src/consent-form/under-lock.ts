import type { DataSource, EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Gone, NotFound } from '#service';
import { lockContact } from '../contacts/lock-contact.js';
import { judge, type Judged } from '../expunge/judge.js';
import { askOwner } from '../consent/opt-in-ask.js';

/**
 * Does `work` for the contact a link was sent to, while nobody else can change it: the locks of an expunge for silence, so
 * an answer either comes before that, or finds that it has begun. Undefined when the link leads to nobody (any more).
 */
export async function underLock<T>(
  db: DataSource,
  token: string,
  work: (tx: EntityManager, judged: Judged) => Promise<T | undefined>,
): Promise<T | undefined> {
  const owner = await askOwner(db, token);
  if (!owner) return undefined;
  const { tenantId, contactId } = owner;
  try {
    return await inTenant(db, tenantId, async (tx) =>
      work(tx, await judge(tx, tenantId, () => lockContact(tx, tenantId, contactId))),
    );
  } catch (error) {
    // The contact was erased while this waited for its lock, and the link with it.
    if (error instanceof NotFound || error instanceof Gone) return undefined;
    throw error;
  }
}
