import { isEmail } from 'class-validator';
import type { SealedRecipient } from '#service';
import { bounceAddress } from '../bounces/bounce-address.js';
import type { ClaimedMail } from './claim-mails.js';
import type { DkimKey } from './dkim-keys.js';
import { isHeaderText, toHeaderText } from './header-text.js';
import { webAddress } from './templates/web-address.js';

export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

/** Everything of a mail but its words. */
export interface AddressedMail {
  readonly from: MailAddress;
  readonly to: MailAddress;
  readonly replyTo?: MailAddress;
  readonly messageId: string;
  readonly date: Date;
  readonly baseBoundary: string;
  readonly headers: Record<string, string>;
  readonly attachments: { readonly filename: string; readonly contentType: string; readonly content: string }[];
  readonly envelope: { readonly from: string; readonly to: string[] };
  /** Of the domain in `from`: receivers accept a signature for the sender only when the two are the same. */
  readonly signedWith: DkimKey;
}

export interface Company {
  readonly name: string;
  readonly privacyContact: string;
}

export interface AddressFacts {
  readonly mail: ClaimedMail;
  readonly recipient: SealedRecipient;
  readonly company: Company;
  /** Its domain is the sender's. */
  readonly key: DkimKey;
  /** Domain of the Message-ID; never a client's, so that a repeat is the same mail whatever has changed meanwhile. */
  readonly ownDomain: string;
}

/** Sender, recipient and envelope in the domain of the key. No name or address can add a recipient or a header. */
export function addressMail({ mail, recipient, company, key, ownDomain }: AddressFacts): AddressedMail {
  const sender = toHeaderText(mail.tenant?.name ?? company.name);
  const name = recipient.name ?? '';
  return {
    from: { name: `${sender} via Contact Expunge`, address: `noreply@${key.domain}` },
    to: { name: isHeaderText(name) ? name : '', address: recipient.address },
    ...(isUsableAddress(company.privacyContact) ? { replyTo: { name: '', address: company.privacyContact } } : {}),
    messageId: `<${mail.emailId}@${ownDomain}>`,
    date: mail.queuedAt,
    baseBoundary: mail.emailId,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    attachments: mail.attachments.map(({ filename, contentType, content }) => ({ filename, contentType, content })),
    // A bounce comes back to the mail it is about.
    envelope: { from: bounceAddress(mail.emailId, key.domain), to: [recipient.address] },
    signedWith: key,
  };
}

/** One click in the mail program posts to the link itself, which takes that as a no (RFC 8058); both are signed. */
export function unsubscribeHeaders(linkUrl: string): Record<string, string> {
  const list = webAddress(linkUrl);
  if (list === undefined) return {};
  return { 'List-Unsubscribe': `<${list}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
}

/** Also what a quoted local part could hide: separators, brackets, spaces and what nobody sees. */
const NEVER_IN_ADDRESS = /[\p{C}\p{Z}"(),:;<>[\\\]]/u;

/** One address that can be written to, and nothing that a header or a mail server could read as two. */
export function isUsableAddress(address: string): boolean {
  return !NEVER_IN_ADDRESS.test(address) && isEmail(address, { allow_utf8_local_part: true });
}
