import { Injectable, Logger } from '@nestjs/common';
import type { OptInMail } from '#contracts';
import { safeError } from '#messaging';
import { KeyringFile, type SealedRecipient, SealMismatch, SealUnreadable } from '#service';
import { NotificationConfig } from '../config.js';
import { type AddressedMail, addressMail, type Company, isUsableAddress, unsubscribeHeaders } from './address-mail.js';
import type { Attempt } from './attempt.js';
import type { ClaimedMail } from './claim-mails.js';
import { DkimKeys } from './dkim-keys.js';
import { openRecipient, UnusableLink } from './open-recipient.js';
import { readCertificate, UnusableCertificate } from './read-certificate.js';
import { chooseLanguage } from './templates/choose-language.js';
import { renderConfirmation, type RenderedMail } from './templates/render-confirmation.js';
import { renderOptIn } from './templates/render-opt-in.js';
import { renderRemovalLink } from './templates/render-removal-link.js';

/**
 * A mail ready for the transport. The same stored mail always has the same Message-ID, and gives the same bytes as long
 * as what is known of its client and the keys stay the same: a repeat is the same mail.
 */
export type ComposedMail = AddressedMail & RenderedMail;

/** Makes the mail of a claimed row: the only place where a recipient is read. */
@Injectable()
export class ComposeMail {
  private readonly logger = new Logger('mail');

  constructor(
    private readonly config: NotificationConfig,
    private readonly keyring: KeyringFile,
    private readonly dkim: DkimKeys,
  ) {}

  /** Never rejects: what cannot be composed comes back as the attempt it amounts to. */
  async compose(mail: ClaimedMail): Promise<ComposedMail | Attempt> {
    try {
      const recipient = await openRecipient(this.keyring, mail);
      if (!isUsableAddress(recipient.address)) return { kind: 'refused', code: 'unusable-address' };
      switch (mail.purpose) {
        case 'expunge-confirmation':
          return await this.confirmation(mail, recipient);
        case 'removal-link':
          return await this.removalLink(mail, recipient);
        case 'opt-in':
        case 'opt-in-reminder':
          return await this.optIn({ ...mail, purpose: mail.purpose }, recipient);
      }
    } catch (error) {
      const attempt = understandComposeError(error);
      const code = 'code' in attempt ? attempt.code : attempt.kind;
      this.logger.error({ msg: 'a mail could not be composed', emailId: mail.emailId, code, error: safeError(error) });
      return attempt;
    }
  }

  private async confirmation(mail: ClaimedMail, recipient: SealedRecipient): Promise<ComposedMail> {
    const certificate = readCertificate(mail);
    const { salt, statusUrl } = recipient;
    const words = renderConfirmation(languageOf(mail, recipient), { ...certificate, salt, statusUrl });
    return { ...(await this.addressed(mail, recipient, certificate.statement.controller)), ...words };
  }

  private async removalLink(mail: ClaimedMail, recipient: SealedRecipient): Promise<ComposedMail | Attempt> {
    const company = mail.tenant;
    // A link that does not say whose it is looks like fraud; the facts about the client arrive on their own way.
    if (!company) return { kind: 'put-off', code: 'unknown-tenant' };
    const words = renderRemovalLink(languageOf(mail, recipient), { company, linkUrl: recipient.linkUrl ?? '' });
    return { ...(await this.addressed(mail, recipient, company)), ...words };
  }

  private async optIn(
    mail: ClaimedMail & { readonly purpose: OptInMail },
    { linkUrl = '', ...recipient }: SealedRecipient,
  ): Promise<ComposedMail | Attempt> {
    const { purpose, tenant: company, graceSeconds } = mail;
    if (!company) return { kind: 'put-off', code: 'unknown-tenant' };
    const words = renderOptIn(languageOf(mail, recipient), { purpose, company, linkUrl, graceSeconds });
    const { headers, ...addressed } = await this.addressed(mail, recipient, company);
    return { ...addressed, headers: { ...headers, ...unsubscribeHeaders(linkUrl) }, ...words };
  }

  private async addressed(mail: ClaimedMail, recipient: SealedRecipient, company: Company): Promise<AddressedMail> {
    const key = await this.dkim.keyFor(mail.tenant?.mailDomain);
    return addressMail({ mail, recipient, company, key, ownDomain: this.config.MAIL_DOMAIN });
  }
}

const languageOf = (mail: ClaimedMail, recipient: SealedRecipient) =>
  chooseLanguage([recipient.language, ...(mail.tenant?.languages ?? [])]);

/** What may get well by itself, or by a repair, is tried again; a wrong or broken seal never will. */
function understandComposeError(error: unknown): Attempt {
  if (error instanceof SealMismatch) return { kind: 'refused', code: 'seal-mismatch' };
  if (error instanceof SealUnreadable && error.reason === 'damaged') return { kind: 'refused', code: 'seal-damaged' };
  if (error instanceof SealUnreadable) return { kind: 'put-off', code: 'unknown-seal-key' };
  if (error instanceof UnusableCertificate) return { kind: 'refused', code: 'unusable-certificate' };
  if (error instanceof UnusableLink) return { kind: 'refused', code: 'unusable-link' };
  return { kind: 'put-off', code: 'not-composed' };
}
