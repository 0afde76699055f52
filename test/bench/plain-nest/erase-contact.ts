import { Column, Entity, PrimaryColumn, type Repository } from 'typeorm';
import type { ContactDataErased, EraseContactData } from './messages.js';

/** What stays of a contact. */
@Entity('tombstone')
export class Tombstone {
  @PrimaryColumn('uuid') contactId: string;
  @Column('uuid') expungeId: string;
  @Column('timestamptz') erasedAt: Date;
  @Column('jsonb') stores: ContactDataErased['stores'];
}

type OfContact = Repository<{ contactId: string }>;

/** Deletes from each repository, counts again, and remembers what was deleted. */
export async function eraseContact(
  participant: string,
  { tenantId, contactId, expungeId }: EraseContactData,
  repositories: Readonly<Record<string, OfContact>>,
  tombstones: Repository<Tombstone>,
): Promise<ContactDataErased> {
  const erasedAt = new Date();
  const stores = [];
  for (const [store, repository] of Object.entries(repositories)) {
    const { affected } = await repository.delete({ contactId });
    stores.push({ store, erased: affected ?? 0, remaining: await repository.countBy({ contactId }) });
  }
  await tombstones.save({ contactId, expungeId, erasedAt, stores });
  const outcome = stores.some(({ erased }) => erased > 0) ? 'erased' : 'nothing_held';
  return { tenantId, contactId, expungeId, participant, outcome, stores, at: erasedAt.toISOString() };
}
