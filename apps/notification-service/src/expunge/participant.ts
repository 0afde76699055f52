import type { EntityManager } from 'typeorm';
import { type Counts, type Participant, type Store } from '#erasure';

/** A request to erase a contact: its confirmation is not erased but sent. */
interface OwnRequest {
  readonly contactId: string;
  readonly expungeId: string;
}

/** All this service holds of a contact: mails under way, what became of earlier ones and what came back; never the confirmation. */
export function participantFor(requests: readonly OwnRequest[]): Participant {
  return {
    name: 'notification-service',
    stores: [
      rowsOfContact('mails', 'mail', requests),
      rowsOfContact('mail_records', 'mail_outcome', requests),
      rowsOfContact('mail_bounces', 'mail_bounce', requests),
    ],
    defer: (tx) => beingSent(tx, requests),
  };
}

/**
 * Rows that belong to the contact's data: everything but the confirmation of the very request that erases, and of the
 * request that has erased before: that person still waits for it.
 */
const NOT_ITS_CONFIRMATION = `
  NOT (held.purpose = 'expunge-confirmation'
       AND (held.expunge_id IN (request.expunge_id, request.buried_by)) IS TRUE)`;

function rowsOfContact(
  name: string,
  table: 'mail' | 'mail_outcome' | 'mail_bounce',
  requests: readonly OwnRequest[],
): Store {
  const query = async (tx: EntityManager, rows: string, contactIds: readonly string[]): Promise<Counts> => {
    const due = new Set(contactIds);
    const found: { contact_id: string; rows: number }[] = await tx.query(
      `WITH found AS (${rows}) SELECT contact_id, count(*)::int AS rows FROM found GROUP BY contact_id`,
      pairs(requests.filter((request) => due.has(request.contactId))),
    );
    return new Map(found.map((row) => [row.contact_id, row.rows]));
  };
  const matching = `held.contact_id = request.contact_id AND ${NOT_ITS_CONFIRMATION}`;
  return {
    name,
    erase: (tx, contactIds) =>
      query(tx, `DELETE FROM ${table} held USING ${REQUESTS} WHERE ${matching} RETURNING held.contact_id`, contactIds),
    remaining: (tx, contactIds) =>
      query(tx, `SELECT held.contact_id FROM ${table} held, ${REQUESTS} WHERE ${matching}`, contactIds),
  };
}

/** Contacts of whom a mail is just being handed over: its address is in this moment's memory, so nothing is claimed yet. */
async function beingSent(tx: EntityManager, requests: readonly OwnRequest[]): Promise<Set<string>> {
  const rows: { contact_id: string }[] = await tx.query(
    `SELECT DISTINCT held.contact_id FROM mail held, ${REQUESTS}
     WHERE held.contact_id = request.contact_id AND held.lease_until > now() AND ${NOT_ITS_CONFIRMATION}`,
    pairs(requests),
  );
  return new Set(rows.map((row) => row.contact_id));
}

/** With the request whose tombstone the contact has already; NULL without one. */
const REQUESTS = `
  (SELECT r.contact_id, r.expunge_id, subject.expunge_id AS buried_by
   FROM unnest($1::uuid[], $2::uuid[]) AS r (contact_id, expunge_id) JOIN subject USING (contact_id)) AS request`;

/** The newest request per contact, as eraseContacts takes them. */
function pairs(requests: readonly OwnRequest[]): [string[], string[]] {
  const newest = new Map(requests.map(({ contactId, expungeId }) => [contactId, expungeId]));
  return [[...newest.keys()], [...newest.values()]];
}
