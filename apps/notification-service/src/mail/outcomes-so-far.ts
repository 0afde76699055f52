import type { EntityManager } from 'typeorm';
import { EmailAccepted, type EmailPurpose, EmailRejected, message, type Outgoing, type SendEmail } from '#contracts';
import { type BounceRow, toEmailBounced } from '../bounces/untold-bounces.js';

/** A pause that has ended leaves its mark on the mails that have to wait for the next day's budget all the same. */
const WAITS_FOR = `
  CASE WHEN last_code = 'sending-paused' AND NOT EXISTS (SELECT FROM send_pause pause WHERE pause.tenant_id = mail.tenant_id)
    THEN 'over-budget' ELSE coalesce(last_code, 'waiting') END`;

/**
 * What became of those of these mails that are known already, as it was told before: whoever orders one again has not heard,
 * or has forgotten with a restored database. Of one that waits, for the send budget or a next try, that it does. Nothing
 * of mails that are new, of those that were called back, and of links to a removal page, whose outcome nobody waits for.
 */
export async function outcomesSoFar(tx: EntityManager, mails: readonly SendEmail[]): Promise<Outgoing[]> {
  const ids = mails.filter(({ purpose }) => purpose !== 'removal-link').map(({ emailId }) => emailId);
  if (ids.length === 0) return [];
  const rows: KnownMail[] = await tx.query(
    `SELECT email_id AS "emailId", tenant_id AS "tenantId", contact_id AS "contactId", expunge_id AS "expungeId", purpose,
       outcome, code, at
     FROM mail_outcome WHERE email_id = ANY($1::uuid[]) AND outcome <> 'cancelled'
     UNION ALL
     SELECT email_id, tenant_id, contact_id, expunge_id, purpose, 'waiting', ${WAITS_FOR}, now()
     FROM mail WHERE email_id = ANY($1::uuid[])`,
    [ids],
  );
  const bounces: BounceRow[] = await tx.query(
    `SELECT email_id, tenant_id, contact_id, expunge_id, purpose, kind, code, at FROM mail_bounce
     WHERE email_id = ANY($1::uuid[]) AND told ORDER BY at`,
    [ids],
  );
  return [...rows.map(told), ...bounces.map(toEmailBounced)];
}

interface KnownMail {
  readonly emailId: string;
  readonly tenantId: string;
  readonly contactId: string;
  readonly expungeId: string | null;
  readonly purpose: EmailPurpose;
  readonly outcome: 'accepted' | 'rejected' | 'waiting';
  readonly code: string | null;
  readonly at: Date;
}

function told({ outcome, code, at, expungeId, ...mail }: KnownMail): Outgoing {
  const about = { ...mail, expungeId: expungeId ?? undefined };
  if (outcome === 'accepted') return message(EmailAccepted, { ...about, at: at.toISOString() });
  const permanent = outcome === 'rejected';
  return message(EmailRejected, { ...about, permanent, code: code ?? 'unknown', at: at.toISOString() });
}
