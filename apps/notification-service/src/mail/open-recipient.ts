import type { EmailPurpose } from '#contracts';
import { SafeMessageError } from '#messaging';
import { type KeyringFile, openSeal, type SealBinding, type SealedRecipient, SealMismatch } from '#service';
import { webAddress } from './templates/web-address.js';

/** The seal holds no link that may be sent. */
export class UnusableLink extends SafeMessageError {
  constructor() {
    super('The seal holds no link to a web page.');
  }
}

interface SealedMail extends SealBinding {
  readonly purpose: EmailPurpose;
  readonly sealed: string;
}

/**
 * Opens the seal of a mail and makes sure that it is this very mail's and holds what its purpose needs. Throws
 * SealMismatch, SealUnreadable or {@link UnusableLink}.
 */
export async function openRecipient(keyring: KeyringFile, mail: SealedMail): Promise<SealedRecipient> {
  const recipient = await openSeal(keyring, mail.sealed, mail);
  if (mail.purpose !== 'expunge-confirmation') {
    // No request to belong to yet: only the id of the mail keeps a link from going out in another one.
    if (recipient.emailId === undefined) throw new SealMismatch('emailId');
    if (webAddress(recipient.linkUrl) === undefined) throw new UnusableLink();
  }
  return recipient;
}
