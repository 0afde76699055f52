import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody has stopped the expunges of a client company, or let them go on. Never changed or deleted. */
@Entity('kill_switch_change')
export class KillSwitchChange {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('boolean', { name: 'switched_on' }) on: boolean;
  @Column('text') reason: string;
  @Column('text', { name: 'changed_by' }) by: string;
  @Column('timestamptz', { name: 'changed_at' }) at: Date;
}
