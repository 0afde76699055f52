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

/** The words of the mail that asks a person to opt in, and of its reminder, in one language. */
export interface OptInWords {
  readonly subject: (company: string) => string;
  readonly reminderSubject: (company: string) => string;
  readonly heading: (company: string) => string;
  /** Said first by the reminder only. */
  readonly reminder: string;
  /** Who asks, and why the person is known there. */
  readonly opening: (company: string) => string;
  readonly link: string;
  readonly choices: string;
  /** What silence leads to, and when. `time` is a number and its unit, in the form a dictionary has it. */
  readonly silence: (time: string) => string;
  /** For a mail after which nobody is removed. */
  readonly noRemoval: string;
  /** What saying no leads to, where who stays silent is removed, and where not. */
  readonly decline: string;
  readonly declineOnly: string;
  readonly removeNow: string;
  readonly privacyContact: string;
  readonly closing: string;
}

/** The words of all mails in one language; the confirmation's are most of them. */
export interface MailWords extends ConfirmationWords {
  readonly removalLink: RemovalLinkWords;
  readonly optIn: OptInWords;
}
