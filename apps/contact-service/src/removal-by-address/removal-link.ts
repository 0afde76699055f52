import { createHash } from 'node:crypto';
import { type DataSource, type EntityManager } from 'typeorm';
import { REMOVAL_LINK_VALID_HOURS } from '#contracts';
import { inEveryTenant } from '#messaging';
import { commit } from '#service';
import type { Contact } from '../contacts/contact.js';
import type { LinkFacts } from './link.decision.js';

/** 32 random bytes as base64url. */
export const TOKEN = /^[\w-]{43}$/;

export interface NewLink {
  readonly tokenHash: string;
  readonly tenantId: string;
  readonly contactId: string;
  readonly requestId: string;
  /** Of the address the mail goes to; salted with the token, so that who has this row only can try no addresses. */
  readonly addressHash: string;
}

/** Whose link it is. */
export type LinkOwner = Pick<NewLink, 'tenantId' | 'contactId'>;

export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

export async function storeLinks(tx: EntityManager, links: readonly NewLink[]): Promise<void> {
  if (links.length === 0) return;
  await tx.query(
    `INSERT INTO removal_link (token_hash, tenant_id, contact_id, request_id, address_hash, expires_at)
     SELECT link.*, now() + $6 * interval '1 hour'
     FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
       AS link (token_hash, tenant_id, contact_id, request_id, address_hash)`,
    [
      links.map((link) => link.tokenHash),
      links.map((link) => link.tenantId),
      links.map((link) => link.contactId),
      links.map((link) => link.requestId),
      links.map((link) => link.addressHash),
      REMOVAL_LINK_VALID_HOURS,
    ],
  );
}

/** Undefined for what never was a link, and for one that is forgotten. All further reading is bound to the link's tenant. */
export async function ownerOf(db: DataSource, token: string): Promise<LinkOwner | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const [owner]: LinkOwner[] = await inEveryTenant(db, (tx) =>
    tx.query('SELECT tenant_id AS "tenantId", contact_id AS "contactId" FROM removal_link WHERE token_hash = $1', [
      hashOf(token),
    ]),
  );
  return owner;
}

/** The link as it is now, for the contact it was made for; whoever acts on it holds the contact's lock. */
export async function readLink(tx: EntityManager, token: string, contact: Contact): Promise<LinkFacts | undefined> {
  const [row]: { addressHash: string; used: boolean; expired: boolean }[] = await tx.query(
    `SELECT address_hash AS "addressHash", used_at IS NOT NULL AS used, expires_at <= clock_timestamp() AS expired
     FROM removal_link WHERE token_hash = $1 AND tenant_id = $2 AND contact_id = $3`,
    [hashOf(token), contact.tenantId, contact.id],
  );
  if (!row) return undefined;
  const { addressHash, ...facts } = row;
  return { ...facts, sameAddress: contact.email !== null && commit(token, contact.email) === addressHash };
}

export async function markUsed(tx: EntityManager, token: string, { tenantId }: Contact): Promise<void> {
  await tx.query('UPDATE removal_link SET used_at = now() WHERE token_hash = $1 AND tenant_id = $2', [
    hashOf(token),
    tenantId,
  ]);
}
