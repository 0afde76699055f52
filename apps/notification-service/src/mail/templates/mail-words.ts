import type { ConfirmationWords } from './confirmation-words.js';

/** The words of the mail with a link to confirm a removal, in one language. */
export interface RemovalLinkWords {
  readonly subject: (company: string) => string;
  readonly heading: string;
  readonly opening: (company: string) => string;
  readonly link: string;
  readonly validity: (hours: number) => string;
  readonly notYou: string;
  readonly privacyContact: string;
  readonly closing: string;
}

/** The words of all mails in one language; the confirmation's are most of them. */
export interface MailWords extends ConfirmationWords {
  readonly removalLink: RemovalLinkWords;
}
