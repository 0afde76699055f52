import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { CancelEmails } from '#contracts';
import { lockSubjects } from '#erasure';
import type { BatchHandler, Received } from '#messaging';
import type { DueRow } from './claim-mails.js';
import { IS_OPT_IN } from './opt-in-mail.js';

/**
 * Calls back mails that ask to opt in, those in the queue and those that were not asked for yet: a command to send one comes
 * before this in the same partition, but it may have been parked, and be replayed after. A mail that is being handed over goes
 * on; it is not tried again.
 */
@Injectable()
export class CancelMails implements BatchHandler<CancelEmails> {
  async handle(messages: readonly Received<CancelEmails>[], tx: EntityManager): Promise<void> {
    const named = messages.map(({ data }) => data);
    const subjects = await lockSubjects(tx, named);
    // Of an erased contact nothing is left that could be sent, and nothing may come back.
    await cancel(
      tx,
      named.filter(({ contactId }) => !subjects.get(contactId)?.tombstone),
    );
  }
}

/**
 * The outcome is what keeps each of them from being sent. The recipient goes at once, unless somebody is using it: what he finds
 * is written down, and what he cannot hand over goes when it is due again.
 */
async function cancel(tx: EntityManager, commands: readonly CancelEmails[]): Promise<void> {
  const mails = commands.flatMap(({ emailIds, ...of }) => emailIds.map((emailId) => ({ ...of, emailId })));
  if (mails.length === 0) return;
  await tx.query(
    `WITH named AS (
       SELECT DISTINCT ON (email_id) * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n (email_id, tenant_id, contact_id)
       ORDER BY email_id
     ), found AS (
       SELECT mail.email_id, mail.purpose, ${IS_OPT_IN} AND mail.contact_id = named.contact_id AS ours
       FROM mail JOIN named USING (email_id)
     ), gone AS (
       DELETE FROM mail USING found
       WHERE mail.email_id = found.email_id AND found.ours AND mail.lease_until IS NULL
     )
     INSERT INTO mail_outcome (email_id, tenant_id, contact_id, purpose, outcome)
     SELECT named.email_id, named.tenant_id, named.contact_id, coalesce(found.purpose, 'opt-in'), 'cancelled'
     FROM named LEFT JOIN found USING (email_id)
     WHERE found.ours IS NOT FALSE ORDER BY named.email_id
     ON CONFLICT DO NOTHING`,
    [
      mails.map(({ emailId }) => emailId),
      mails.map(({ tenantId }) => tenantId),
      mails.map(({ contactId }) => contactId),
    ],
  );
}

/** Drops due mails that were called back while somebody was handing them over; returns the others. Their subjects are locked. */
export async function dropCancelled(tx: EntityManager, due: readonly DueRow[]): Promise<readonly DueRow[]> {
  if (due.length === 0) return due;
  const [dropped]: [{ email_id: string }[], number] = await tx.query(
    `DELETE FROM mail USING mail_outcome called_back
     WHERE mail.email_id = ANY($1::uuid[]) AND called_back.email_id = mail.email_id AND called_back.outcome = 'cancelled'
     RETURNING mail.email_id`,
    [due.map((row) => row.email_id)],
  );
  const ids = new Set(dropped.map((row) => row.email_id));
  return due.filter((row) => !ids.has(row.email_id));
}
