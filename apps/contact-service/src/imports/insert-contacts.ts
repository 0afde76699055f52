import type { EntityManager } from 'typeorm';
import { nameKey } from '../contacts/contact-details.js';
import { addressKey } from '../contacts/address-key.js';
import type { Position } from './import-position.js';
import type { Person } from './import-row.js';

export interface Imported {
  readonly contactId: string;
  readonly person: Person;
}

/**
 * Subjects and contacts with new ids. Inserting a subject row locks it, and nobody else can know its id before the commit, so
 * there is nothing to look at afterwards.
 */
export async function insertContacts(tx: EntityManager, of: Position, imported: readonly Imported[]): Promise<void> {
  if (imported.length === 0) return;
  const column = <T>(valueOf: (person: Person) => T): T[] => imported.map(({ person }) => valueOf(person));
  await tx.query(
    `WITH subjects AS (
       INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM unnest($3::uuid[]) AS id)
     INSERT INTO contact (tenant_id, import_id, source, id, email, email_normalised, given_name, given_key, family_name,
       family_key, phone, language, country, source_detail, lawful_basis)
     SELECT $1, $2, 'import', person.*
     FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
       $11::text[], $12::text[], $13::text[], $14::text[]) AS person`,
    [
      of.tenantId,
      of.id,
      imported.map(({ contactId }) => contactId),
      column(({ email }) => email),
      column(({ email }) => addressKey(email)),
      column(({ givenName }) => givenName),
      column(({ givenName }) => givenName && nameKey(givenName)),
      column(({ familyName }) => familyName),
      column(({ familyName }) => familyName && nameKey(familyName)),
      column(({ phone }) => phone),
      column(({ language }) => language),
      column(({ country }) => country),
      column(({ source }) => source),
      column(({ lawfulBasis }) => lawfulBasis),
    ],
  );
}
