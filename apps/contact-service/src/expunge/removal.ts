import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ExpungeReason, Requester } from '#contracts';

export type RemovalState = 'requested' | 'expunged' | 'confirmed' | 'confirmation-failed';

/** How far the removal of a contact is. Ids and times only; it stays when the contact is gone. */
@Entity('removal')
export class Removal {
  @PrimaryColumn('uuid', { name: 'expunge_id' }) expungeId: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'contact_id' }) contactId: string;
  @Column('text') reason: ExpungeReason;
  /** Unknown when this database was restored and the request is known from ContactExpunged only. */
  @Column('text', { name: 'requested_by', nullable: true }) requestedBy: Requester | null;
  @Column('timestamptz', { name: 'requested_at' }) requestedAt: Date;
  /** Every participant has answered with evidence. */
  @Column('timestamptz', { name: 'expunged_at', nullable: true }) expungedAt: Date | null;
  /** The receiving server accepted the confirmation. */
  @Column('timestamptz', { name: 'confirmed_at', nullable: true }) confirmedAt: Date | null;
  @Column('timestamptz', { name: 'confirmation_failed_at', nullable: true }) confirmationFailedAt: Date | null;
  @Column('uuid', { name: 'certificate_id', nullable: true }) certificateId: string | null;
  /** Follows from the times; computed by the database. */
  @Column({ type: 'text', insert: false, update: false }) state: RemovalState;
}
