import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ContactSource, Requester } from '#contracts';
import type { LawfulBasis } from '../imports/import.js';
import type { ContactState } from '../expunge/expunge.decision.js';

export const CONSENTS = ['none', 'opted-in', 'declined'] as const;
/** What the person has decided about being in the client's system. */
export type Consent = (typeof CONSENTS)[number];

/** A person a client company knows. The only table of the whole system with personal data that stays. */
@Entity('contact')
export class Contact {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('text') source: ContactSource;
  @Column('text') state: ContactState;
  /** As it was typed; `emailNormalised` is what is compared. */
  @Column('text', { nullable: true }) email: string | null = null;
  @Column('text', { name: 'email_normalised', nullable: true }) emailNormalised: string | null = null;
  /** The identity provider has said that it is this person's; never of what a recruiter typed. */
  @Column('boolean', { name: 'address_verified' }) addressVerified: boolean = false;
  @Column('text', { name: 'given_name', nullable: true }) givenName: string | null = null;
  @Column('text', { name: 'family_name', nullable: true }) familyName: string | null = null;
  /** The names as they are searched by. */
  @Column('text', { name: 'given_key', nullable: true }) givenKey: string | null = null;
  @Column('text', { name: 'family_key', nullable: true }) familyKey: string | null = null;
  @Column('text', { nullable: true }) phone: string | null = null;
  /** BCP 47; without it the client's first language is used. */
  @Column('text', { nullable: true }) language: string | null = null;
  /** ISO 3166-1 alpha-2. */
  @Column('text', { nullable: true }) country: string | null = null;
  /** Of an imported contact: the import, where it is from in the company's words, and by which reason of GDPR 6 it is here. */
  @Column('uuid', { name: 'import_id', nullable: true }) importId: string | null = null;
  @Column('text', { name: 'source_detail', nullable: true }) sourceDetail: string | null = null;
  @Column('text', { name: 'lawful_basis', nullable: true }) lawfulBasis: LawfulBasis | null = null;
  /** Subject of the career site's tokens for this person; only for those who signed up themselves. */
  @Column('text', { name: 'candidate_subject', nullable: true }) candidateSubject: string | null = null;
  @Column('text') consent: Consent = 'none';
  @Column('timestamptz', { name: 'consent_at', nullable: true }) consentAt: Date | null = null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  /** When it was soft-deleted; stays while a removal that came of it waits or is under way. */
  @Column('timestamptz', { name: 'disabled_at', nullable: true }) disabledAt: Date | null = null;
  /** Who asked for that; null also when a process of the version before disabled it. */
  @Column('text', { name: 'disabled_by', nullable: true }) disabledBy: Requester | null = null;
  @Column('uuid', { name: 'expunge_id', nullable: true }) expungeId: string | null = null;
  /** Kept while expunging, so that a second click leads to the same page; goes with the row. */
  @Column('text', { name: 'status_token', nullable: true }) statusToken: string | null = null;
}
