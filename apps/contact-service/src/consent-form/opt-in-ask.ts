import type { DataSource, EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import type { Contact } from '../contacts/contact.js';
import { hashOf, TOKEN } from '../removal-by-address/removal-link.js';

/** Whom a link was sent to. */
export interface AskOwner {
  readonly tenantId: string;
  readonly contactId: string;
}

/** The mail a link stands in, as it is now. */
export interface Ask {
  readonly emailId: string;
  readonly expired: boolean;
  readonly addressChanged: boolean;
  /** Nobody is removed for silence on account of its enrolment, whatever time passes. */
  readonly removesNobody: boolean;
  /** The end of the longest time that a mail of its enrolment promises; null before any was accepted, and afterwards. */
  readonly endsAt: Date | null;
  /** The contact has opted in at some time, whatever it has said since. */
  readonly everOptedIn: boolean;
}

/** Undefined for what never was a link, and when its contact is gone. All further reading is bound to the link's tenant. */
export async function askOwner(db: DataSource, token: string): Promise<AskOwner | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const [owner]: AskOwner[] = await inEveryTenant(db, (tx) =>
    tx.query('SELECT tenant_id AS "tenantId", contact_id AS "contactId" FROM opt_in_ask WHERE token_hash = $1', [
      hashOf(token),
    ]),
  );
  return owner;
}

/** Whoever acts on it holds the contact's lock. A link never expires before its mail was accepted. */
export async function readAsk(tx: EntityManager, token: string, contact: Contact): Promise<Ask | undefined> {
  const [ask]: Ask[] = await tx.query(
    `SELECT email_id AS "emailId", address_changed_at IS NOT NULL AS "addressChanged",
       coalesce(accepted_at + link_valid_seconds * interval '1 second' <= clock_timestamp(), false) AS expired,
       enrolment.ended AS "removesNobody",
       CASE WHEN enrolment.ends_at > clock_timestamp() THEN enrolment.ends_at END AS "endsAt",
       EXISTS (SELECT FROM consent_record given
               WHERE given.contact_id = $3 AND given.tenant_id = $2 AND given.decision = 'opted-in') AS "everOptedIn"
     FROM opt_in_ask ask CROSS JOIN LATERAL (
       SELECT max(accepted_at + grace_seconds * interval '1 second') FILTER (WHERE bounce_kind IS NULL) AS ends_at,
         max(grace_seconds) = 0 OR bool_or(stopped_at IS NOT NULL OR rejected_at IS NOT NULL
           OR bounce_kind IS NOT DISTINCT FROM 'hard') AS ended
       FROM opt_in_ask mail
       WHERE mail.enrolment_id = ask.enrolment_id AND mail.contact_id = $3 AND mail.tenant_id = $2
     ) enrolment
     WHERE token_hash = $1 AND tenant_id = $2 AND contact_id = $3`,
    [hashOf(token), contact.tenantId, contact.id],
  );
  return ask;
}

/** Nobody who has once agreed is removed for silence on account of these mails. The caller holds the contact's lock. */
export async function endAsksOfWithdrawn(tx: EntityManager, { id, tenantId }: Contact): Promise<void> {
  await tx.query(
    `UPDATE opt_in_ask SET stopped_at = now(), stopped_by = 'withdrawn'
     WHERE contact_id = $1 AND tenant_id = $2 AND stopped_at IS NULL`,
    [id, tenantId],
  );
}
