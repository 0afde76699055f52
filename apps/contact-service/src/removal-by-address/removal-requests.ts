import type { EntityManager } from 'typeorm';
import { lockKnownSubjects } from '#erasure';

/** Two people may share an inbox, and one person may have signed up several times; a form must not send more mails than this. */
const MOST_CONTACTS = 5;

export interface RemovalRequest {
  readonly id: string;
  readonly tenantId: string;
  readonly emailNormalised: string;
}

/** A contact with the address of a request. */
export interface Recipient {
  readonly requestId: string;
  readonly tenantId: string;
  readonly contactId: string;
  /** As the contact has it. */
  readonly address: string;
  readonly name: string | null;
  readonly language: string;
}

/** Takes the oldest requests out of the queue for this transaction. */
export async function takeRequests(tx: EntityManager, limit: number): Promise<RemovalRequest[]> {
  const [rows]: [RemovalRequest[], number] = await tx.query(
    `DELETE FROM removal_request WHERE id IN (SELECT id FROM removal_request ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $1)
     RETURNING id, tenant_id AS "tenantId", email_normalised AS "emailNormalised"`,
    [limit],
  );
  return rows;
}

/**
 * The contacts these requests are about, locked. Looked for first, and read again under their locks: one that was erased,
 * began to be or changed its address meanwhile is not among them.
 */
export async function recipientsOf(tx: EntityManager, requests: readonly RemovalRequest[]): Promise<Recipient[]> {
  const found = await findContacts(tx, requests);
  await lockKnownSubjects(
    tx,
    found.map(({ contactId }) => contactId),
  );
  return tx.query(
    `SELECT request.id AS "requestId", contact.tenant_id AS "tenantId", contact.id AS "contactId", contact.email AS address,
       NULLIF(concat_ws(' ', contact.given_name, contact.family_name), '') AS name,
       COALESCE(contact.language, tenant.languages[1]) AS language
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS request (id, tenant_id, email_normalised, contact_id)
     JOIN contact ON contact.id = request.contact_id AND contact.tenant_id = request.tenant_id
       AND contact.email_normalised = request.email_normalised AND contact.state IN ('active', 'disabled')
     JOIN tenant ON tenant.id = contact.tenant_id
     ORDER BY request.id, contact.id`,
    [
      found.map(({ requestId }) => requestId),
      found.map(({ tenantId }) => tenantId),
      found.map(({ emailNormalised }) => emailNormalised),
      found.map(({ contactId }) => contactId),
    ],
  );
}

interface Found {
  readonly requestId: string;
  readonly tenantId: string;
  readonly emailNormalised: string;
  readonly contactId: string;
}

/** Those that a link can do most for come first: in use, then out of use, then such that wait to be removed already. */
function findContacts(tx: EntityManager, requests: readonly RemovalRequest[]): Promise<Found[]> {
  return tx.query(
    `SELECT request.id AS "requestId", request.tenant_id AS "tenantId", request.email_normalised AS "emailNormalised",
       contact.id AS "contactId"
     FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS request (id, tenant_id, email_normalised)
     CROSS JOIN LATERAL (
       SELECT contact.id FROM contact
       WHERE contact.tenant_id = request.tenant_id AND contact.email_normalised = request.email_normalised
         AND contact.state IN ('active', 'disabled')
       ORDER BY contact.state = 'active' DESC,
         EXISTS (SELECT 1 FROM waiting_expunge WHERE waiting_expunge.contact_id = contact.id), contact.id DESC LIMIT $4
     ) AS contact`,
    [
      requests.map(({ id }) => id),
      requests.map(({ tenantId }) => tenantId),
      requests.map(({ emailNormalised }) => emailNormalised),
      MOST_CONTACTS,
    ],
  );
}
