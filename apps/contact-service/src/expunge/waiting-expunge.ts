import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import type { ExpungeReason, Requester, WaitingFor } from '#contracts';

/**
 * A removal that was accepted and must not begin yet; its contact is disabled. The row is the timer, and all that is needed
 * to begin later as if it were the moment of the click. It goes with the beginning, or with the contact.
 */
@Entity('waiting_expunge')
export class WaitingExpunge {
  @PrimaryColumn('uuid', { name: 'contact_id' }) contactId: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'expunge_id' }) expungeId: string;
  @Column('text', { name: 'status_token' }) statusToken: string;
  @Column('text', { name: 'requested_by' }) requestedBy: Requester;
  @Column('text') reason: ExpungeReason;
  @Column('timestamptz', { name: 'requested_at' }) requestedAt: Date;
  /** What stood in the way when it was looked at last. */
  @Column('text', { name: 'waiting_for', array: true }) waitingFor: WaitingFor[];
  /** When it is looked at again; null while that takes an act of somebody, who wakes it. */
  @Column('timestamptz', { name: 'look_at', nullable: true }) lookAt: Date | null;
  /** When it was looked at last and left waiting. */
  @Column('timestamptz', { name: 'skipped_at', nullable: true }) skippedAt: Date | null;
}

/** Whether a removal of this contact was accepted and has not begun. */
export const removalWaits = (
  tx: EntityManager,
  { id: contactId, tenantId }: { readonly id: string; readonly tenantId: string },
): Promise<boolean> => tx.existsBy(WaitingExpunge, { contactId, tenantId });

/**
 * Has waiting removals of a client company, or the one of a contact, looked at again at once, because what they wait for has changed in this transaction. The caller
 * holds the lock that the change is made under (the tenant's row for update, or the contact's subject row), so that no
 * look at what was before comes after this.
 */
export async function wakeWaiting(
  tx: EntityManager,
  { tenantId, contactId = null }: { readonly tenantId: string; readonly contactId?: string | null },
): Promise<void> {
  await tx.query(
    'UPDATE waiting_expunge SET look_at = now() WHERE tenant_id = $1 AND ($2::uuid IS NULL OR contact_id = $2)',
    [tenantId, contactId],
  );
}
