import type { NotSentReason } from '#contracts';
import type { ContactState } from '../expunge/expunge.decision.js';

/** What counts for whether a mail may ask a contact, read under the contact's lock. */
export interface Askable {
  /** Null: unknown here, or erased. */
  readonly state: ContactState | null;
  readonly consent: 'none' | 'opted-in' | 'declined' | null;
  /** The person signed up on the career site. */
  readonly hasAccount: boolean;
  readonly address: string | null;
  /** Somebody at the client said that nobody shall ask this contact. */
  readonly stopped: boolean;
  /** The person reported an earlier mail as unwanted. */
  readonly complained: boolean;
  /** An earlier mail to the same address was refused for good, or came back because the address does not work. */
  readonly undeliverable: boolean;
  /** The ledger has its address: another contact with it was removed, or did not answer, and nobody there is to be written to. */
  readonly suppressed: boolean;
}

/** The address to write to, or why no mail asks this contact. Pure. */
export function decideAsk(contact: Askable): { readonly to: string } | { readonly not: NotSentReason } {
  if (contact.state === null || contact.state === 'expunging') return { not: 'gone' };
  if (contact.state === 'disabled') return { not: 'disabled' };
  if (contact.stopped) return { not: 'stopped' };
  if (agreed(contact)) return { not: 'opted-in' };
  if (refused(contact)) return { not: 'declined' };
  if (contact.address === null) return { not: 'no-address' };
  if (contact.suppressed) return { not: 'suppressed' };
  return contact.undeliverable ? { not: 'undeliverable' } : { to: contact.address };
}

const agreed = ({ consent, hasAccount }: Askable): boolean => consent === 'opted-in' || hasAccount;
const refused = ({ consent, complained }: Askable): boolean => consent === 'declined' || complained;
