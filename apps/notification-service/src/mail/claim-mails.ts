import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { type Attachment, type EmailPurpose, REMOVAL_LINK_VALID_HOURS } from '#contracts';
import { inEveryTenant } from '#messaging';

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
  readonly queuedAt: Date;
  readonly attempts: number;
  readonly expired: boolean;
  readonly leaseId: string;
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
 * Takes due mails under a lease, the longest due first, with two statements. The subject rows are locked while the lease
 * is set, as every writer of contact data does: an erase sees the lease and waits, or comes first and the mail is gone.
 * Contacts another transaction works on are passed over, so several senders share the work. Of every tenant.
 */
export async function claimMails(db: DataSource, terms: ClaimTerms): Promise<ClaimedMail[]> {
  return inEveryTenant(db, async (tx) => {
    const due: { email_id: string }[] = await tx.query(
      `SELECT mail.email_id FROM mail JOIN subject USING (contact_id)
       WHERE mail.due_at <= now() AND (mail.lease_until IS NULL OR mail.lease_until <= now())
         AND mail.email_id <> ALL($2::uuid[])
       ORDER BY mail.due_at LIMIT $1 FOR UPDATE OF subject SKIP LOCKED`,
      [terms.limit, terms.except],
    );
    if (due.length === 0) return [];
    const rows: ClaimedRow[] = await tx.query(
      `WITH claimed AS (
         UPDATE mail SET lease_id = $2, lease_until = now() + $3 * interval '1 second'
         WHERE email_id = ANY($1::uuid[]) AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
         RETURNING *, queued_at < now() - interval '1 hour' *
           CASE purpose WHEN 'removal-link' THEN least($4::int, $5::int) ELSE $4::int END AS expired
       )
       SELECT claimed.*, tenant.name, tenant.languages, tenant.privacy_contact, tenant.mail_domain
       FROM claimed LEFT JOIN tenant USING (tenant_id) ORDER BY claimed.due_at`,
      [
        due.map((row) => row.email_id),
        randomUUID(),
        terms.leaseSeconds,
        terms.giveUpAfterHours,
        REMOVAL_LINK_VALID_HOURS,
      ],
    );
    return rows.map(toMail);
  });
}

interface ClaimedRow {
  readonly email_id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly expunge_id: string | null;
  readonly purpose: EmailPurpose;
  readonly sealed: string;
  readonly attachments: Attachment[];
  readonly queued_at: Date;
  readonly attempts: number;
  readonly expired: boolean;
  readonly lease_id: string;
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
  queuedAt: row.queued_at,
  attempts: row.attempts,
  expired: row.expired,
  leaseId: row.lease_id,
  tenant: toTenant(row),
});

function toTenant(row: ClaimedRow): KnownTenant | undefined {
  const { name, languages, privacy_contact: privacyContact, mail_domain: mailDomain } = row;
  if (name === null || languages === null || privacyContact === null) return undefined;
  return { name, languages, privacyContact, mailDomain: mailDomain ?? undefined };
}
