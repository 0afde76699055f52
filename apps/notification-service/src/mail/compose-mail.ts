import { Injectable, Logger } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { safeError } from '#messaging';
import { KeyringFile, openSeal, type SealedRecipient, SealMismatch, SealUnreadable } from '#service';
import { NotificationConfig } from '../config.js';
import type { Attempt } from './attempt.js';
import type { ClaimedMail } from './claim-mails.js';
import { readCertificate, UnusableCertificate } from './read-certificate.js';
import { chooseLanguage } from './templates/choose-language.js';
import { renderConfirmation } from './templates/render-confirmation.js';

interface MailAddress {
  readonly name: string;
  readonly address: string;
}

/** A mail ready for the transport. The same stored mail always gives the same bytes, so a repeat is the same mail. */
export interface ComposedMail {
  readonly from: MailAddress;
  readonly to: MailAddress;
  readonly replyTo?: MailAddress;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly date: Date;
  readonly baseBoundary: string;
  readonly headers: Record<string, string>;
  readonly attachments: { readonly filename: string; readonly contentType: string; readonly content: string }[];
  readonly envelope: { readonly from: string; readonly to: string[] };
}

/** Control characters end header lines; bidirectional overrides make a name read as another. */
const UNUSABLE_TEXT = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const LONGEST_NAME = 200;

/** Makes the mail of a claimed row: the only place where a recipient is read. */
@Injectable()
export class ComposeMail {
  private readonly logger = new Logger('mail');

  constructor(
    private readonly config: NotificationConfig,
    private readonly keyring: KeyringFile,
  ) {}

  /** Never rejects: what cannot be composed comes back as the attempt it amounts to. */
  async compose(mail: ClaimedMail): Promise<ComposedMail | Attempt> {
    try {
      const recipient = await openSeal(this.keyring, mail.sealed, mail);
      if (!isUsable(recipient.address)) return { kind: 'refused', code: 'unusable-address' };
      switch (mail.purpose) {
        case 'expunge-confirmation':
          return this.confirmation(mail, recipient);
      }
    } catch (error) {
      const attempt = understandComposeError(error);
      const code = 'code' in attempt ? attempt.code : attempt.kind;
      this.logger.error({ msg: 'a mail could not be composed', emailId: mail.emailId, code, error: safeError(error) });
      return attempt;
    }
  }

  private confirmation(mail: ClaimedMail, recipient: SealedRecipient): ComposedMail {
    const certificate = readCertificate(mail);
    const language = chooseLanguage([recipient.language, ...mail.tenantLanguages]);
    const { salt, statusUrl } = recipient;
    const words = renderConfirmation(language, { ...certificate, salt, statusUrl });
    return { ...this.addressed(mail, recipient, certificate.statement.controller), ...words };
  }

  private addressed(mail: ClaimedMail, recipient: SealedRecipient, company: { name: string; privacyContact: string }) {
    const domain = this.config.MAIL_DOMAIN;
    const sender = (mail.tenantName ?? company.name).replaceAll(/\p{Cc}/gu, ' ');
    const name = recipient.name ?? '';
    const shown = name.length > LONGEST_NAME || UNUSABLE_TEXT.test(name) ? '' : name;
    return {
      from: { name: `${sender} via Contact Expunge`, address: `noreply@${domain}` },
      to: { name: shown, address: recipient.address },
      ...(isUsable(company.privacyContact) ? { replyTo: { name: '', address: company.privacyContact } } : {}),
      messageId: `<${mail.emailId}@${domain}>`,
      date: mail.queuedAt,
      baseBoundary: mail.emailId,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      attachments: mail.attachments.map(({ filename, contentType, content }) => ({ filename, contentType, content })),
      // A bounce comes back to the mail it is about.
      envelope: { from: `bounce+${mail.emailId}@${domain}`, to: [recipient.address] },
    };
  }
}

function isUsable(address: string): boolean {
  return !UNUSABLE_TEXT.test(address) && isEmail(address, { allow_utf8_local_part: true });
}

/** What may get well by itself, or by a repair, is tried again; a wrong or broken seal never will. */
function understandComposeError(error: unknown): Attempt {
  if (error instanceof SealMismatch) return { kind: 'refused', code: 'seal-mismatch' };
  if (error instanceof SealUnreadable && error.reason === 'damaged') return { kind: 'refused', code: 'seal-damaged' };
  if (error instanceof SealUnreadable) return { kind: 'put-off', code: 'unknown-seal-key' };
  if (error instanceof UnusableCertificate) return { kind: 'refused', code: 'unusable-certificate' };
  return { kind: 'put-off', code: 'not-composed' };
}
