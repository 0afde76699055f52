import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ExpungePolicy } from '../expunge/expunge.decision.js';

/** A client company. Nothing in it is about a person. */
@Entity('tenant')
export class Tenant {
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('text', { name: 'expunge_policy' }) expungePolicy: ExpungePolicy;
  @Column('text', { name: 'mail_domain', nullable: true }) mailDomain: string | null;
  /** BCP 47 tags, preferred first; never empty. */
  @Column('text', { array: true }) languages: string[];
  @Column('text', { name: 'privacy_contact' }) privacyContact: string;
  /** Grows by one with every change. */
  @Column('int') revision: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
