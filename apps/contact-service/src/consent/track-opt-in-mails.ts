import type { EntityManager } from 'typeorm';
import { type EmailAccepted, type EmailBounced, type EmailRejected, OPT_IN_MAILS } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import type { Outbox } from '#messaging';
import { callBackMails } from './call-back-mails.js';

// What becomes of a mail that asked. Each message fills in its own columns, the first one wins, so they may come in any order
// and any number of times. The contacts are locked first: whoever judges whether one may be removed for its silence sees
// a bounce that has committed, and a bounce waits for whoever judges.

type Outcome = EmailAccepted | EmailRejected | EmailBounced;

/**
 * The time of acceptance starts the grace period, so it is neither still to come nor before the mail was asked for, by the
 * database's clock: the clock of whoever sent it may be wrong, and must not shorten what the mail promised.
 */
export async function trackAcceptedAsks(mails: readonly EmailAccepted[], tx: EntityManager): Promise<void> {
  const accepted = await lockAsked(mails, tx);
  if (accepted.length === 0) return;
  await tx.query(
    `UPDATE opt_in_ask SET sealed = NULL,
       accepted_at = GREATEST(opt_in_ask.asked_at, LEAST(mail.at, clock_timestamp()))
     FROM (${FIRST_OF_EACH}) AS mail
     WHERE ${SAME_MAIL} AND opt_in_ask.accepted_at IS NULL`,
    valuesOf(accepted),
  );
}

/** A mail that is tried again is no news. At an address that does not work no other mail is tried. */
export async function trackRejectedAsks(
  mails: readonly EmailRejected[],
  tx: EntityManager,
  outbox: Outbox,
): Promise<void> {
  const rejected = await lockAsked(
    mails.filter(({ permanent }) => permanent),
    tx,
  );
  if (rejected.length === 0) return;
  const [refused]: [Heard[], number] = await tx.query(
    `UPDATE opt_in_ask SET sealed = NULL, rejected_at = LEAST(mail.at, clock_timestamp()), code = COALESCE(opt_in_ask.code, mail.code)
     FROM (${FIRST_OF_EACH}) AS mail
     WHERE ${SAME_MAIL} AND opt_in_ask.rejected_at IS NULL ${RETURNING}`,
    valuesOf(rejected),
  );
  await callBackMails(tx, outbox, { contacts: atPresentAddress(refused), reason: 'undeliverable' });
}

/** Of a soft and a hard bounce of one mail the hard one stays, whichever came first. Who complains is written to no more. */
export async function trackBouncedAsks(
  mails: readonly EmailBounced[],
  tx: EntityManager,
  outbox: Outbox,
): Promise<void> {
  const bounced = await lockAsked(mails, tx);
  if (bounced.length === 0) return;
  const heard = async (kind: EmailBounced['kind']): Promise<Heard[]> => {
    const ofKind = bounced.filter((mail) => mail.kind === kind);
    if (ofKind.length === 0) return [];
    const [rows]: [Heard[], number] = await tx.query(BOUNCES[kind], valuesOf(ofKind));
    return rows;
  };
  const complained = await heard('complaint');
  await heard('soft');
  const dead = await heard('hard');
  await callBackMails(tx, outbox, { contacts: complained, reason: 'declined' });
  await callBackMails(tx, outbox, { contacts: atPresentAddress(dead), reason: 'undeliverable' });
}

/** An ask of which something was heard for the first time. */
interface Heard {
  readonly tenantId: string;
  readonly contactId: string;
  readonly addressChanged: boolean;
}

const RETURNING = `RETURNING opt_in_ask.tenant_id AS "tenantId", opt_in_ask.contact_id AS "contactId",
  opt_in_ask.address_changed_at IS NOT NULL AS "addressChanged"`;

const atPresentAddress = (heard: readonly Heard[]): Heard[] => heard.filter(({ addressChanged }) => !addressChanged);

/** One row for each mail, the one that was said first. */
const FIRST_OF_EACH = `
  SELECT DISTINCT ON (m.email_id) m.* FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[])
    WITH ORDINALITY AS m (email_id, tenant_id, contact_id, at, code, n)
  ORDER BY m.email_id, m.n`;

const SAME_MAIL = `opt_in_ask.email_id = mail.email_id AND opt_in_ask.tenant_id = mail.tenant_id
  AND opt_in_ask.contact_id = mail.contact_id`;

const bounce = (kind: 'soft' | 'hard', unless: string): string =>
  `UPDATE opt_in_ask SET sealed = NULL, bounced_at = LEAST(mail.at, clock_timestamp()), bounce_kind = '${kind}', code = mail.code
   FROM (${FIRST_OF_EACH}) AS mail
   WHERE ${SAME_MAIL} AND ${unless} ${RETURNING}`;

const BOUNCES: Readonly<Record<EmailBounced['kind'], string>> = {
  complaint: `UPDATE opt_in_ask SET complained_at = LEAST(mail.at, clock_timestamp()) FROM (${FIRST_OF_EACH}) AS mail
    WHERE ${SAME_MAIL} AND opt_in_ask.complained_at IS NULL ${RETURNING}`,
  soft: bounce('soft', 'opt_in_ask.bounce_kind IS NULL'),
  hard: bounce('hard', `opt_in_ask.bounce_kind IS DISTINCT FROM 'hard'`),
};

/** Those of the mails that ask; their contacts, if they are here, are locked. */
async function lockAsked<M extends Outcome>(mails: readonly M[], tx: EntityManager): Promise<M[]> {
  const asked = mails.filter(({ purpose }) => OPT_IN_MAILS.some((one) => one === purpose));
  if (asked.length > 0) await lockKnownSubjects(tx, [...new Set(asked.map(({ contactId }) => contactId))]);
  return asked;
}

const valuesOf = (mails: readonly Outcome[]): unknown[] => [
  mails.map((mail) => mail.emailId),
  mails.map((mail) => mail.tenantId),
  mails.map((mail) => mail.contactId),
  mails.map((mail) => mail.at),
  mails.map((mail) => ('code' in mail ? mail.code : null)),
];
