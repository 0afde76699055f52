import { IsDate, IsIn, IsString, IsUUID } from 'class-validator';
import { CONTACT_SOURCES, type ContactSource } from '#contracts';
import { Example, OrNull } from '#service';
import { type ContactState, VISIBLE_STATES } from '../expunge/expunge.decision.js';
import { LAWFUL_BASES, type LawfulBasis } from '../imports/import.js';
import { type Consent, CONSENTS, type Contact } from './contact.js';

/** A contact as people with the right role see it; one that is expunging is shown to nobody. */
@Example({
  id: '0197f39e-11aa-7c3e-8f52-9b1d4e6a7c80',
  source: 'import',
  sourceDetail: 'Job fair 2026',
  lawfulBasis: 'legitimate-interests',
  importId: '0197f3a0-6c1e-7d10-9a55-3f0c1f6f0b11',
  state: 'active',
  email: 'rosa.luna@example.org',
  givenName: 'Rosa',
  familyName: 'Luna',
  phone: '+34 600 000 000',
  language: 'es',
  country: 'ES',
  consent: 'none',
  createdAt: '2026-11-02T09:30:00.000Z',
  updatedAt: '2026-11-02T09:30:00.000Z',
})
export class ContactView {
  @IsUUID() id: string;
  @IsIn(CONTACT_SOURCES) source: ContactSource;
  /** Of an imported contact: where it is from in the company's words, by which reason of GDPR 6 (1) it is here, the import. */
  @OrNull() @IsString() sourceDetail: string | null;
  @OrNull() @IsIn(LAWFUL_BASES) lawfulBasis: LawfulBasis | null;
  @OrNull() @IsUUID() importId: string | null;
  @IsIn(VISIBLE_STATES) state: ContactState;
  @OrNull() @IsString() email: string | null;
  @OrNull() @IsString() givenName: string | null;
  @OrNull() @IsString() familyName: string | null;
  @OrNull() @IsString() phone: string | null;
  @OrNull() @IsString() language: string | null;
  @OrNull() @IsString() country: string | null;
  /** What the person has decided when asked whether to be here. */
  @IsIn(CONSENTS) consent: Consent;
  @IsDate() createdAt: Date;
  @IsDate() updatedAt: Date;
}

export function viewOf(contact: Contact): ContactView {
  const { id, source, sourceDetail, lawfulBasis, importId, state, consent, createdAt, updatedAt } = contact;
  const { email, givenName, familyName, phone, language, country } = contact;
  const origin = { source, sourceDetail, lawfulBasis, importId };
  const person = { email, givenName, familyName, phone, language, country };
  return { id, ...origin, state, ...person, consent, createdAt, updatedAt };
}
