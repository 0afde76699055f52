import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ExpungeChecklist } from './expunge-checklist.js';
import type { Change, Closing, Side } from './expunge-policy.js';

/** One request to enable expunge for a client company, from the asking to its end. Never deleted: it is the history. */
@Entity('expunge_policy_change')
export class PolicyChange implements Change {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('timestamptz', { name: 'effective_at' }) effectiveAt: Date;
  @Column('text') reason: string;
  @Column('jsonb') checklist: ExpungeChecklist;
  @Column('timestamptz', { name: 'requested_at' }) requestedAt: Date;
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  @Column('text', { name: 'requested_side' }) requestedSide: Side;
  @Column('timestamptz', { name: 'approved_at', nullable: true }) approvedAt: Date | null = null;
  @Column('text', { name: 'approved_by', nullable: true }) approvedBy: string | null = null;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt: Date | null = null;
  @Column('text', { name: 'closed_by', nullable: true }) closedBy: string | null = null;
  @Column('text', { name: 'closed_side', nullable: true }) closedSide: Side | 'system' | null = null;
  @Column('text', { name: 'closed_how', nullable: true }) closedHow: Closing | null = null;
  @Column('text', { name: 'close_reason', nullable: true }) closeReason: string | null = null;
}
