import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { EmailAccepted, EmailRejected, message, type Outgoing } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { failPoint, inEveryTenant, Outbox, runWithBatchTrace } from '#messaging';
import { tellBounces } from '../bounces/untold-bounces.js';
import type { ClaimedMail } from './claim-mails.js';
import type { Verdict } from './judge-attempt.js';
import { MeasureMails } from './measure-mails.js';

export interface Outcome {
  readonly mail: ClaimedMail;
  readonly verdict: Verdict;
  /** What follows from it is a part of this. */
  readonly traceparent?: string;
}

/**
 * Writes what became of mails, all in one transaction and with as many statements for one as for hundreds: the row of a
 * mail that is over goes, its outcome and the message to others come. What is written about a mail that was erased
 * meanwhile, or that another sender has taken over, is nothing; only an acceptance always counts, because it happened.
 * The mails may be of any tenants.
 */
@Injectable()
export class RecordOutcomes {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly measure: MeasureMails,
  ) {}

  async execute(outcomes: readonly Outcome[]): Promise<void> {
    await inEveryTenant(this.db, async (tx) => {
      await lockKnownSubjects(tx, [...new Set(outcomes.map(({ mail }) => mail.contactId))].sort());
      const ended = await end(tx, outcomes);
      const bounced = await tellBounces(tx, emailIdsOf(ended));
      const putOff = await putBack(tx, outcomes);
      failPoint('mail.outcome-written');
      const traces = outcomes.map(({ mail, traceparent }) => [mail.contactId, traceparent, mail.emailId] as const);
      await runWithBatchTrace(traces, () => this.outbox.add(tx, [...ended, ...bounced, ...putOff]));
    });
    for (const { mail, verdict } of outcomes) this.measure.attempted(mail.purpose, verdict);
  }
}

const emailIdsOf = (messages: readonly Outgoing[]): string[] =>
  messages.map(({ data }) => (data as EmailAccepted | EmailRejected).emailId);

/**
 * An id that another mail has used before, unseen by whoever stored this one, must not stop the others for ever. What was
 * called back while it was handed over has happened all the same.
 */
async function end(tx: EntityManager, outcomes: readonly Outcome[]): Promise<Outgoing[]> {
  const over = outcomes.filter(({ verdict }) => verdict.kind !== 'again');
  if (over.length === 0) return [];
  const rows: { email_id: string; at: Date }[] = await tx.query(
    `WITH over AS (
       DELETE FROM mail USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS o (email_id, lease_id, code)
       WHERE mail.email_id = o.email_id AND (o.code IS NULL OR mail.lease_id = o.lease_id)
       RETURNING mail.email_id, mail.tenant_id, mail.contact_id, mail.expunge_id, mail.purpose, o.code
     )
     INSERT INTO mail_outcome (email_id, tenant_id, contact_id, expunge_id, purpose, outcome, code)
     SELECT email_id, tenant_id, contact_id, expunge_id, purpose,
            CASE WHEN code IS NULL THEN 'accepted' ELSE 'rejected' END, code FROM over
     ON CONFLICT (email_id) DO UPDATE SET outcome = EXCLUDED.outcome, code = EXCLUDED.code, at = EXCLUDED.at
       WHERE mail_outcome.outcome = 'cancelled'
     RETURNING email_id, at`,
    [
      over.map(({ mail }) => mail.emailId),
      over.map(({ mail }) => mail.leaseId),
      over.map(({ verdict }) => (verdict.kind === 'rejected' ? verdict.code : null)),
    ],
  );
  const at = new Map(rows.map((row) => [row.email_id, row.at.toISOString()]));
  return over.flatMap(({ mail, verdict }) => {
    const when = at.get(mail.emailId);
    if (when === undefined) return [];
    if (verdict.kind !== 'rejected') return [message(EmailAccepted, { ...about(mail), at: when })];
    return [message(EmailRejected, { ...about(mail), permanent: true, code: verdict.code, at: when })];
  });
}

async function putBack(tx: EntityManager, outcomes: readonly Outcome[]): Promise<Outgoing[]> {
  const again = outcomes.flatMap(({ mail, verdict }) => (verdict.kind === 'again' ? [{ mail, verdict }] : []));
  if (again.length === 0) return [];
  const [rows]: [{ email_id: string; at: Date }[], number] = await tx.query(
    `UPDATE mail SET lease_id = NULL, lease_until = NULL, attempts = attempts + a.counts,
       due_at = now() + a.seconds * interval '1 second', last_code = coalesce(a.code, last_code)
     FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[])
       AS a (email_id, lease_id, counts, seconds, code)
     WHERE mail.email_id = a.email_id AND mail.lease_id = a.lease_id
     RETURNING mail.email_id, now() AS at`,
    [
      again.map(({ mail }) => mail.emailId),
      again.map(({ mail }) => mail.leaseId),
      again.map(({ verdict }) => (verdict.counts ? 1 : 0)),
      again.map(({ verdict }) => verdict.inSeconds),
      again.map(({ verdict }) => verdict.code),
    ],
  );
  const at = new Map(rows.map((row) => [row.email_id, row.at.toISOString()]));
  return again.flatMap(({ mail, verdict }) => {
    const when = at.get(mail.emailId);
    if (when === undefined || !verdict.tell || verdict.code === undefined) return [];
    return [message(EmailRejected, { ...about(mail), permanent: false, code: verdict.code, at: when })];
  });
}

const about = ({ tenantId, contactId, emailId, purpose, expungeId }: ClaimedMail) => ({
  tenantId,
  contactId,
  emailId,
  purpose,
  expungeId,
});
