import type { EntityManager } from 'typeorm';
import type { ContactExpunged, EmailAccepted, EmailRejected } from '#contracts';
import type { Received } from '#messaging';

// Each message fills in its own times, the earliest one known wins, and the state follows from the times: so messages may
// come in any order and any number of times. Rows are taken in the order of their ids, so that batches never deadlock.
// One limit: a database restored to before a request knows its removal from ContactExpunged only. What became of the
// confirmation is dropped when it is read before that, and the removal stays `expunged`; the certificate is not affected.

/** Notes that contacts are gone from every service; a restored database may not know the request and learns it here. */
export async function trackExpunged(messages: readonly Received<ContactExpunged>[], tx: EntityManager): Promise<void> {
  const events = [...new Map(messages.map(({ data }) => [data.expungeId, data])).values()];
  await tx.query(
    `INSERT INTO removal (expunge_id, tenant_id, contact_id, reason, requested_at, expunged_at, certificate_id)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::uuid[])
       AS event (expunge_id, tenant_id, contact_id, reason, requested_at, expunged_at, certificate_id)
     ORDER BY event.expunge_id
     ON CONFLICT (expunge_id) DO UPDATE
       SET expunged_at = LEAST(removal.expunged_at, EXCLUDED.expunged_at), certificate_id = EXCLUDED.certificate_id
       WHERE removal.contact_id = EXCLUDED.contact_id AND removal.tenant_id = EXCLUDED.tenant_id`,
    [
      events.map((event) => event.expungeId),
      events.map((event) => event.tenantId),
      events.map((event) => event.contactId),
      events.map((event) => event.reason),
      events.map((event) => event.requestedAt),
      events.map((event) => event.completedAt),
      events.map((event) => event.certificateId),
    ],
  );
}

/** Notes that the receiving server accepted confirmations. Mails of other purposes are passed over, as below. */
export const trackConfirmed = (mails: readonly EmailAccepted[], tx: EntityManager): Promise<void> =>
  fillIn('confirmed_at', mails, tx);

/** Notes that confirmations were refused for good; what is tried again is no news. */
export function trackNotConfirmed(mails: readonly EmailRejected[], tx: EntityManager): Promise<void> {
  const final = mails.filter((rejected) => rejected.permanent);
  return fillIn('confirmation_failed_at', final, tx);
}

async function fillIn(
  column: 'confirmed_at' | 'confirmation_failed_at',
  mails: readonly (EmailAccepted | EmailRejected)[],
  tx: EntityManager,
): Promise<void> {
  const confirmations = mails.filter((mail) => mail.purpose === 'expunge-confirmation' && mail.expungeId !== undefined);
  if (confirmations.length === 0) return;
  await tx.query(
    `WITH news AS (
       SELECT expunge_id, contact_id, min(at) AS at
       FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS mail (expunge_id, contact_id, at)
       GROUP BY expunge_id, contact_id
     ), due AS (
       SELECT removal.expunge_id, news.at FROM news JOIN removal USING (expunge_id, contact_id)
       ORDER BY removal.expunge_id FOR UPDATE OF removal
     )
     UPDATE removal SET ${column} = LEAST(removal.${column}, due.at) FROM due WHERE removal.expunge_id = due.expunge_id`,
    [
      confirmations.map((mail) => mail.expungeId),
      confirmations.map((mail) => mail.contactId),
      confirmations.map((mail) => mail.at),
    ],
  );
}
