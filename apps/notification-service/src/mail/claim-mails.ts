import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { type Attachment, type EmailPurpose, REMOVAL_LINK_VALID_HOURS } from '#contracts';
import { inEveryTenant } from '#messaging';
import { TODAY } from '../send-budget/send-budget.js';
import { IS_OPT_IN } from './opt-in-mail.js';

/** What is known of a client company. */
export interface KnownTenant {
  readonly name: string;
  readonly languages: readonly string[];
  readonly privacyContact: string;
  readonly mailDomain?: string;
}

/** A stored mail that this process alone may send until its lease ends. */
export interface ClaimedMail {
  readonly emailId: string;
  readonly tenantId: string;
  readonly contactId: string;
  readonly expungeId?: string;
  readonly purpose: EmailPurpose;
  readonly sealed: string;
  readonly attachments: readonly Attachment[];
  /** What a mail that asks to opt in promises; 0 for others. */
  readonly graceSeconds: number;
  readonly queuedAt: Date;
  readonly attempts: number;
  readonly expired: boolean;
  readonly leaseId: string;
  /** The trace it belongs to, when somebody records that. */
  readonly traceparent?: string;
  /** The client company; absent until its TenantChanged has arrived. */
  readonly tenant?: KnownTenant;
}

export interface ClaimTerms {
  readonly limit: number;
  /** Email ids that are not taken, even when their lease has ended. */
  readonly except: readonly string[];
  readonly leaseSeconds: number;
  readonly giveUpAfterHours: number;
}

/**
 * Takes due mails that a person waits for under a lease, the longest due first, with two statements; those that ask to opt
 * in have a queue of their own (ClaimOptIns). The subject rows are locked while the lease is set, as every writer of
 * contact data does: an erase sees the lease and waits, or comes first and the mail is gone. Contacts another transaction
 * works on are passed over, so several senders share the work. Of every tenant.
 */
export async function claimMails(db: DataSource, terms: ClaimTerms): Promise<ClaimedMail[]> {
  return inEveryTenant(db, async (tx) => {
    const due = await lockDue(tx, `NOT ${IS_OPT_IN}`, terms);
    return leaseMails(
      tx,
      due.map((row) => row.email_id),
      terms,
    );
  });
}

/** As a condition on `mail`. */
export const IS_DUE = 'mail.due_at <= now() AND (mail.lease_until IS NULL OR mail.lease_until <= now())';

export interface DueRow {
  readonly email_id: string;
  readonly tenant_id: string;
  /** In the send budget of this day. */
  readonly counted: boolean;
}

/**
 * The first due mails of a queue, their subjects locked. Candidates are taken from the index of the queue first: joined at
 * once, the planner would, right after a large import, walk through all subjects. Some more than are wanted, since other
 * senders may be working on the first ones.
 */
export async function lockDue(tx: EntityManager, queue: string, { limit, except }: ClaimTerms): Promise<DueRow[]> {
  return tx.query(
    `WITH next AS MATERIALIZED (
       SELECT mail.email_id, mail.tenant_id, mail.contact_id, mail.due_at, (mail.budget_day = ${TODAY}) IS TRUE AS counted
       FROM mail WHERE ${queue} AND ${IS_DUE} AND mail.email_id <> ALL($2::uuid[]) ORDER BY mail.due_at LIMIT 4 * $1
     )
     SELECT next.email_id, next.tenant_id, next.counted FROM next JOIN subject USING (contact_id)
     ORDER BY next.due_at LIMIT $1 FOR UPDATE OF subject SKIP LOCKED`,
    [limit, except],
  );
}

/** Takes these mails, whose subjects are locked. The day is noted for those that count in its send budget. */
export async function leaseMails(tx: EntityManager, ids: readonly string[], terms: ClaimTerms): Promise<ClaimedMail[]> {
  if (ids.length === 0) return [];
  const rows: ClaimedRow[] = await tx.query(
    `WITH claimed AS (
       UPDATE mail SET lease_id = $2, lease_until = now() + $3 * interval '1 second',
         budget_day = CASE WHEN ${IS_OPT_IN} THEN ${TODAY} END
       WHERE email_id = ANY($1::uuid[]) AND ${IS_DUE}
       RETURNING *, coalesce(tries_since, queued_at) < now() - interval '1 hour' *
         CASE purpose WHEN 'removal-link' THEN least($4::int, $5::int) ELSE $4::int END AS expired
     )
     SELECT claimed.*, tenant.name, tenant.languages, tenant.privacy_contact, tenant.mail_domain
     FROM claimed LEFT JOIN tenant USING (tenant_id) ORDER BY claimed.due_at`,
    [ids, randomUUID(), terms.leaseSeconds, terms.giveUpAfterHours, REMOVAL_LINK_VALID_HOURS],
  );
  return rows.map(toMail);
}

interface ClaimedRow {
  readonly email_id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly expunge_id: string | null;
  readonly purpose: EmailPurpose;
  readonly sealed: string;
  readonly attachments: Attachment[];
  readonly grace_seconds: number | null;
  readonly queued_at: Date;
  readonly attempts: number;
  readonly expired: boolean;
  readonly lease_id: string;
  readonly traceparent: string | null;
  readonly name: string | null;
  readonly languages: string[] | null;
  readonly privacy_contact: string | null;
  readonly mail_domain: string | null;
}

const toMail = (row: ClaimedRow): ClaimedMail => ({
  emailId: row.email_id,
  tenantId: row.tenant_id,
  contactId: row.contact_id,
  expungeId: row.expunge_id ?? undefined,
  purpose: row.purpose,
  sealed: row.sealed,
  attachments: row.attachments,
  graceSeconds: row.grace_seconds ?? 0,
  queuedAt: row.queued_at,
  attempts: row.attempts,
  expired: row.expired,
  leaseId: row.lease_id,
  traceparent: row.traceparent ?? undefined,
  tenant: toTenant(row),
});

function toTenant(row: ClaimedRow): KnownTenant | undefined {
  const { name, languages, privacy_contact: privacyContact, mail_domain: mailDomain } = row;
  if (name === null || languages === null || privacyContact === null) return undefined;
  return { name, languages, privacyContact, mailDomain: mailDomain ?? undefined };
}
