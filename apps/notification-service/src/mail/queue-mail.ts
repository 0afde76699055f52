import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { EmailRejected, message, type SendEmail } from '#contracts';
import { lockSubjects, type Subject } from '#erasure';
import { type BatchHandler, Outbox, type Received, recordedTraceOf, SafeMessageError } from '#messaging';
import { KeyringFile, SealUnreadable } from '#service';
import { outcomesSoFar } from './outcomes-so-far.js';
import { isOptInMail } from './opt-in-mail.js';
import { openRecipient } from './open-recipient.js';
import { readCertificate } from './read-certificate.js';
import { WakeSender } from './wake-sender.js';

/** A mail that takes no attachments has some. */
export class UnexpectedAttachment extends SafeMessageError {
  constructor() {
    super('A mail of this purpose has no attachments.');
  }
}

/** A mail that asks to opt in does not say how long the person has to answer. */
export class MissingPromise extends SafeMessageError {
  constructor() {
    super('A mail that asks to opt in needs graceSeconds.');
  }
}

/**
 * Stores mails for the sender, once per email id. Nothing is sent here. A mail whose seal or certificate belongs to
 * another person, request, mail or tenant is refused (and so parked). To an expunged contact only the confirmation of that
 * very request goes out; any other mail is answered as refused for good. A mail that is known already is answered by
 * what became of it: whoever orders it again has not heard.
 */
@Injectable()
export class QueueMail implements BatchHandler<SendEmail> {
  private readonly logger = new Logger('mail');

  constructor(
    private readonly keyring: KeyringFile,
    private readonly outbox: Outbox,
    private readonly sender: WakeSender,
  ) {}

  async handle(messages: readonly Received<SendEmail>[], tx: EntityManager): Promise<void> {
    const mails = messages.map(({ data }) => data);
    const subjects = await lockSubjects(tx, mails);
    const stopped = mails.filter((mail) => isStopped(mail, subjects.get(mail.contactId)));
    const wanted = mails.filter((mail) => !stopped.includes(mail));
    await Promise.all(wanted.map((mail) => this.checkBinding(mail)));
    const known = await outcomesSoFar(tx, wanted);
    await store(tx, wanted);
    await this.outbox.add(tx, known);
    await this.outbox.add(
      tx,
      stopped.map(({ tenantId, contactId, emailId, purpose, expungeId }) => {
        const about = { tenantId, contactId, emailId, purpose, expungeId };
        return message(EmailRejected, { ...about, permanent: true, code: 'contact-expunged', at: now() });
      }),
    );
    this.sender.afterCommit(tx);
  }

  /** The seal is opened to compare what it is bound to; its contents go no further. */
  private async checkBinding(mail: SendEmail): Promise<void> {
    checkAttachments(mail);
    checkPromise(mail);
    try {
      await openRecipient(this.keyring, mail);
    } catch (error) {
      // The key may arrive a moment after the first mail that needs it: kept, and checked again when it is sent.
      if (!(error instanceof SealUnreadable && error.reason === 'unknown-key')) throw error;
      this.logger.warn({ msg: 'a mail waits for its seal key', emailId: mail.emailId });
    }
  }
}

function checkAttachments(mail: SendEmail): void {
  switch (mail.purpose) {
    case 'expunge-confirmation':
      readCertificate(mail);
      return;
    case 'removal-link':
    case 'opt-in':
    case 'opt-in-reminder':
      if (mail.attachments.length > 0) throw new UnexpectedAttachment();
  }
}

function isStopped(mail: SendEmail, subject: Subject | undefined): boolean {
  if (!subject?.tombstone) return false;
  switch (mail.purpose) {
    case 'expunge-confirmation':
      return mail.expungeId !== subject.tombstone.expungeId;
    case 'removal-link':
    case 'opt-in':
    case 'opt-in-reminder':
      return true;
  }
}

/** Without it the mail could not say what silence leads to, and nothing may be left to a guess. */
function checkPromise({ purpose, graceSeconds }: SendEmail): void {
  if (isOptInMail(purpose) && graceSeconds === undefined) throw new MissingPromise();
}

async function store(tx: EntityManager, mails: readonly SendEmail[]): Promise<void> {
  if (mails.length === 0) return;
  await tx.query(
    `INSERT INTO mail (email_id, tenant_id, contact_id, expunge_id, purpose, sealed, attachments, grace_seconds, traceparent)
     SELECT m.*
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::int[], $9::text[])
       AS m (email_id, tenant_id, contact_id, expunge_id, purpose, sealed, attachments, grace_seconds, traceparent)
     WHERE NOT EXISTS (SELECT FROM mail_outcome sent WHERE sent.email_id = m.email_id)
     ON CONFLICT DO NOTHING`,
    [
      mails.map((mail) => mail.emailId),
      mails.map((mail) => mail.tenantId),
      mails.map((mail) => mail.contactId),
      mails.map((mail) => mail.expungeId),
      mails.map((mail) => mail.purpose),
      mails.map((mail) => mail.sealed),
      mails.map((mail) => JSON.stringify(mail.attachments)),
      mails.map((mail) => mail.graceSeconds),
      mails.map((mail) => recordedTraceOf(mail.contactId)),
    ],
  );
}

const now = (): string => new Date().toISOString();
