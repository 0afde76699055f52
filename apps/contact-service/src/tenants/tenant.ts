import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ExpungePolicy } from '../expunge/expunge.decision.js';
import type { SoftDeleted } from './expunge-policy.js';

/** A client company. Nothing in it is about a person. */
@Entity('tenant')
export class Tenant {
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  /** What was agreed on; what is in force now also depends on expungeFrom: see policyInForce. */
  @Column('text', { name: 'expunge_policy' }) expungePolicy: ExpungePolicy;
  /** Null exactly when the policy is off, as is softDeleted. */
  @Column('timestamptz', { name: 'expunge_from', nullable: true }) expungeFrom: Date | null;
  @Column('text', { name: 'soft_deleted', nullable: true }) softDeleted: SoftDeleted | null;
  /** While set, no expunge begins. */
  @Column('timestamptz', { name: 'kill_switch_since', nullable: true }) killSwitchSince: Date | null;
  @Column('text', { name: 'mail_domain', nullable: true }) mailDomain: string | null;
  /** BCP 47 tags, preferred first; never empty. */
  @Column('text', { array: true }) languages: string[];
  @Column('text', { name: 'privacy_contact' }) privacyContact: string;
  /** Grows by one with every change of what the other services are told. */
  @Column('int') revision: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
