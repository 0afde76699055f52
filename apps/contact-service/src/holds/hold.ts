import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';

export const HOLD_REASONS = ['litigation', 'investigation', 'regulator-request', 'retention-duty'] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** Something that forbids to remove a contact for now. Contact data itself: it goes with the contact. */
@Entity('hold')
export class Hold {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'contact_id' }) contactId: string;
  /** The company's own number of the case. */
  @Column('text', { name: 'case_reference' }) caseReference: string;
  @Column('text') reason: HoldReason;
  /** Null: until somebody lifts it. */
  @Column('timestamptz', { nullable: true }) until: Date | null;
  @Column('text', { name: 'placed_by' }) placedBy: string;
  @Column('timestamptz', { name: 'placed_at' }) placedAt: Date;
  @Column('text', { name: 'lifted_by', nullable: true }) liftedBy: string | null = null;
  @Column('timestamptz', { name: 'lifted_at', nullable: true }) liftedAt: Date | null = null;
  @Column('text', { name: 'lift_reason', nullable: true }) liftReason: string | null = null;
}

/**
 * When the holds in force on these contacts end. Who acts on it has locked the contacts: holds are placed under that lock.
 * The clock is the statement's and not the transaction's, which began before it waited for the lock.
 */
export async function endsOfActiveHolds(
  tx: EntityManager,
  tenantId: string,
  contactIds: readonly string[],
): Promise<Map<string, (Date | null)[]>> {
  const rows: { contact_id: string; until: Date | null }[] = await tx.query(
    `SELECT contact_id, until FROM hold
     WHERE contact_id = ANY($1::uuid[]) AND tenant_id = $2
       AND lifted_at IS NULL AND (until IS NULL OR until > clock_timestamp())`,
    [contactIds, tenantId],
  );
  const ends = new Map<string, (Date | null)[]>();
  for (const row of rows) ends.set(row.contact_id, [...(ends.get(row.contact_id) ?? []), row.until]);
  return ends;
}
