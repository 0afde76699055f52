import type { EntityManager } from 'typeorm';
import { type BounceKind, EmailBounced, type EmailPurpose, message, type Outgoing } from '#contracts';

export interface BounceRow {
  readonly email_id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly expunge_id: string | null;
  readonly purpose: EmailPurpose;
  readonly kind: BounceKind;
  readonly code: string;
  readonly at: Date;
  readonly told: boolean;
}

export const toEmailBounced = (row: BounceRow): Outgoing =>
  message(EmailBounced, {
    tenantId: row.tenant_id,
    contactId: row.contact_id,
    emailId: row.email_id,
    purpose: row.purpose,
    expungeId: row.expunge_id ?? undefined,
    kind: row.kind,
    code: row.code,
    at: row.at.toISOString(),
  });

/** What came back of these mails before their outcome was written down: to be told right after it, in its transaction. */
export async function tellBounces(tx: EntityManager, emailIds: readonly string[]): Promise<Outgoing[]> {
  if (emailIds.length === 0) return [];
  const [rows]: [BounceRow[], number] = await tx.query(
    `UPDATE mail_bounce SET told = true WHERE email_id = ANY($1::uuid[]) AND NOT told
     RETURNING email_id, tenant_id, contact_id, expunge_id, purpose, kind, code, at, told`,
    [emailIds],
  );
  return rows.map(toEmailBounced);
}
