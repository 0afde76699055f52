import type { EntityManager } from 'typeorm';
import { CancelEmails, message, type NotSentReason, OptInNotSent } from '#contracts';
import type { Outbox } from '#messaging';

/** Whose mails, and why they are not wanted any more. */
export interface CallBack {
  readonly contacts: readonly { readonly contactId: string; readonly tenantId: string }[];
  /** Undefined: the enrolments they belong to are told in another way. */
  readonly reason?: NotSentReason;
  /** The mail whose link was used: it has arrived, whatever was heard of it yet. */
  readonly arrived?: string;
}

/**
 * Calls back all mails that ask these contacts and are not known to be out, for whatever ended the asking: they may wait for
 * days in the send budget. Each is called back once. One that is just being handed over may still arrive; what is heard of it
 * counts as if it had not been called back. Called under the contacts' locks, in the transaction that ends the asking; the order to send a mail was written
 * under the same lock and with the same key, so notification-service takes it before this.
 */
export async function callBackMails(
  tx: EntityManager,
  outbox: Outbox,
  { contacts, reason, arrived }: CallBack,
): Promise<void> {
  if (contacts.length === 0) return;
  const [rows]: [CalledBack[], number] = await tx.query(
    `UPDATE opt_in_ask SET called_back_at = clock_timestamp(), sealed = NULL
     FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS c (contact_id, tenant_id)) AS contact
     WHERE opt_in_ask.contact_id = contact.contact_id AND opt_in_ask.tenant_id = contact.tenant_id
       AND accepted_at IS NULL AND rejected_at IS NULL AND called_back_at IS NULL
       AND email_id IS DISTINCT FROM $3
     RETURNING opt_in_ask.tenant_id AS "tenantId", opt_in_ask.contact_id AS "contactId", enrolment_id AS "enrolmentId",
       email_id AS "emailId", called_back_at AS at`,
    [contacts.map(({ contactId }) => contactId), contacts.map(({ tenantId }) => tenantId), arrived ?? null],
  );
  const cancelled = [...Map.groupBy(rows, ({ contactId }) => contactId).values()].map((mails) => {
    const { tenantId, contactId } = mails[0]!;
    return message(CancelEmails, { tenantId, contactId, emailIds: mails.map(({ emailId }) => emailId) });
  });
  const told = reason === undefined ? [] : rows.map((row) => notSent(row, reason));
  await outbox.add(tx, [...cancelled, ...told]);
}

interface CalledBack {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
  readonly emailId: string;
  readonly at: Date;
}

const notSent = ({ at, ...ids }: CalledBack, reason: NotSentReason) =>
  message(OptInNotSent, { ...ids, reason, at: at.toISOString() });
