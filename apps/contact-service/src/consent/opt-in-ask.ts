import type { DataSource, EntityManager } from 'typeorm';
import type { Data, RequestOptIn } from '#contracts';
import { inEveryTenant, SafeMessageError } from '#messaging';
import type { Contact } from '../contacts/contact.js';
import { hashOf, TOKEN } from '../removal-by-address/removal-link.js';
import type { Askable } from './ask.decision.js';
import type { OptInAsk, SentAsk } from './silent-expunge.decision.js';

/** A request to ask, and what is known of its contact here; what the ledger says of its address is not. */
export interface AskFacts extends Omit<Askable, 'suppressed'> {
  /** What is known of the mail, when it was asked for before. */
  readonly known: KnownAsk | null;
  readonly name: string | null;
  readonly language: string;
  /** The mail that a reminder reminds of said that whoever stays silent is removed. */
  readonly remindsOfRemoval: boolean;
}

export interface KnownAsk extends Pick<OptInAsk, 'graceSeconds' | 'rejected' | 'bounceKind'> {
  readonly acceptedAt: string | null;
  /** Until its fate is known. */
  readonly sealed: string | null;
}

/** A mail that asks; only the mail itself, sealed, has the token. */
export interface NewAsk {
  readonly request: Data<RequestOptIn>;
  readonly sealed: string;
  readonly tokenHash: string;
}

class ForeignEmailId extends SafeMessageError {
  constructor() {
    super('The email id is that of another mail.');
  }
}

/** Reads what counts for these requests, in their order; the caller has locked the contacts. */
export async function factsOf(
  tx: EntityManager,
  requests: readonly Data<RequestOptIn>[],
): Promise<{ readonly request: Data<RequestOptIn>; readonly facts: AskFacts }[]> {
  const rows: AskFacts[] = await tx.query(
    `SELECT contact.state, contact.consent, contact.email AS address,
       contact.candidate_subject IS NOT NULL AS "hasAccount",
       NULLIF(concat_ws(' ', contact.given_name, contact.family_name), '') AS name,
       COALESCE(contact.language, tenant.languages[1], 'en') AS language,
       asked.known, contact.asking_stopped_at IS NOT NULL AS stopped,
       COALESCE(asked.complained, false) AS complained, COALESCE(asked.undeliverable, false) AS undeliverable,
       COALESCE(asked.removes, false) AS "remindsOfRemoval"
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) WITH ORDINALITY
       AS request (email_id, tenant_id, contact_id, enrolment_id, n)
     LEFT JOIN contact ON contact.id = request.contact_id AND contact.tenant_id = request.tenant_id
     LEFT JOIN tenant ON tenant.id = contact.tenant_id
     CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('graceSeconds', grace_seconds, 'rejected', rejected_at IS NOT NULL,
           'bounceKind', bounce_kind, 'acceptedAt', accepted_at, 'sealed', sealed)) FILTER (WHERE email_id = request.email_id) -> 0 AS known,
         bool_or(complained_at IS NOT NULL) AS complained,
         bool_or((rejected_at IS NOT NULL OR bounce_kind = 'hard') AND address_changed_at IS NULL) AS undeliverable,
         (array_agg(grace_seconds > 0 AND address_changed_at IS NULL ORDER BY asked_at DESC)
           FILTER (WHERE enrolment_id = request.enrolment_id AND template = 'opt-in'))[1] AS removes
       FROM opt_in_ask WHERE opt_in_ask.contact_id = contact.id
     ) AS asked
     ORDER BY request.n`,
    [
      requests.map((request) => request.emailId),
      requests.map((request) => request.tenantId),
      requests.map((request) => request.contactId),
      requests.map((request) => request.enrolmentId),
    ],
  );
  return requests.flatMap((request, n) => {
    const facts = rows[n];
    return facts ? [{ request, facts }] : [];
  });
}

/** Throws when one of the mails is known as another's, and so none of them is stored. */
export async function storeAsks(tx: EntityManager, asks: readonly NewAsk[]): Promise<void> {
  if (asks.length === 0) return;
  const stored: unknown[] = await tx.query(
    `INSERT INTO opt_in_ask (email_id, tenant_id, contact_id, enrolment_id, workflow_id, template, token_hash,
       grace_seconds, link_valid_seconds, sealed, asked_at)
     SELECT ask.*, clock_timestamp()
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[])
       AS ask (email_id, tenant_id, contact_id, enrolment_id, workflow_id, template, token_hash, grace_seconds,
         link_valid_seconds, sealed)
     ORDER BY ask.email_id
     ON CONFLICT (email_id) DO NOTHING RETURNING 1`,
    [
      asks.map(({ request }) => request.emailId),
      asks.map(({ request }) => request.tenantId),
      asks.map(({ request }) => request.contactId),
      asks.map(({ request }) => request.enrolmentId),
      asks.map(({ request }) => request.workflowId),
      asks.map(({ request }) => request.template),
      asks.map(({ tokenHash }) => tokenHash),
      asks.map(({ request }) => request.graceSeconds),
      asks.map(({ request }) => request.linkValidSeconds),
      asks.map(({ sealed }) => sealed),
    ],
  );
  if (stored.length < asks.length) throw new ForeignEmailId();
}

/** All mails that asked these contacts; who acts on them has locked the contacts. */
export function asksOf(tx: EntityManager, tenantId: string, contactIds: readonly string[]): Promise<SentAsk[]> {
  return tx.query(`SELECT ${OPT_IN_ASK} FROM opt_in_ask WHERE contact_id = ANY($1::uuid[]) AND tenant_id = $2`, [
    contactIds,
    tenantId,
  ]);
}

const OPT_IN_ASK = `email_id AS "emailId", contact_id AS "contactId", enrolment_id AS "enrolmentId",
  workflow_id AS "workflowId", template, grace_seconds AS "graceSeconds", link_valid_seconds AS "linkValidSeconds",
  asked_at AS "askedAt", accepted_at AS "acceptedAt", rejected_at IS NOT NULL AS rejected, bounce_kind AS "bounceKind",
  complained_at IS NOT NULL AS complained, stopped_at IS NOT NULL AS stopped,
  address_changed_at IS NOT NULL AS "addressChanged"`;

type Of = Pick<Contact, 'id' | 'tenantId'>;

/**
 * What was sent to another address asked somebody else, perhaps: nobody is removed for not answering it, and whoever has
 * the link cannot decide for this contact any more. The caller holds the contact's lock.
 */
export async function noteAddressChange(tx: EntityManager, { id: contactId, tenantId }: Of): Promise<void> {
  await tx.query(
    `UPDATE opt_in_ask SET address_changed_at = clock_timestamp()
     WHERE contact_id = $1 AND tenant_id = $2 AND address_changed_at IS NULL`,
    [contactId, tenantId],
  );
}

/** Nobody who has once agreed is removed for silence on account of these mails. The caller holds the contact's lock. */
export async function endAsksOfWithdrawn(tx: EntityManager, { id, tenantId }: Of): Promise<void> {
  await tx.query(
    `UPDATE opt_in_ask SET stopped_at = now(), stopped_by = 'withdrawn'
     WHERE contact_id = $1 AND tenant_id = $2 AND stopped_at IS NULL`,
    [id, tenantId],
  );
}

/** Whom a link was sent to. */
export interface AskOwner {
  readonly tenantId: string;
  readonly contactId: string;
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

/** The mail a link stands in, as it is now. */
export interface Linked {
  readonly ask: OptInAsk;
  /** The time for which its mail was to be valid is over. */
  readonly timeOver: boolean;
  /** The contact has opted in at some time, whatever it has said since. */
  readonly everOptedIn: boolean;
  readonly now: Date;
}

/** Whoever acts on it holds the contact's lock. The time of a link is never over before its mail was accepted. */
export async function askOfLink(tx: EntityManager, token: string, { id, tenantId }: Of): Promise<Linked | undefined> {
  const [row]: (OptInAsk & Linked)[] = await tx.query(
    `SELECT ${OPT_IN_ASK}, clock_timestamp() AS now,
       coalesce(accepted_at + link_valid_seconds * interval '1 second' <= clock_timestamp(), false) AS "timeOver",
       EXISTS (SELECT FROM consent_record given
               WHERE given.contact_id = $3 AND given.tenant_id = $2 AND given.decision = 'opted-in') AS "everOptedIn"
     FROM opt_in_ask WHERE token_hash = $1 AND tenant_id = $2 AND contact_id = $3`,
    [hashOf(token), tenantId, id],
  );
  if (!row) return undefined;
  const { now, timeOver, everOptedIn, ...ask } = row;
  return { ask, now, timeOver, everOptedIn };
}
