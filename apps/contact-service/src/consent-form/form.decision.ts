import type { ExpungeDecision } from '../expunge/expunge.decision.js';

export interface LinkFacts {
  /** The contact has another address than the one the mail went to. */
  readonly addressChanged: boolean;
  readonly expired: boolean;
  readonly contactDisabled: boolean;
}

export type FormState = 'void' | 'expunging' | 'waiting' | 'expired' | 'disabled' | 'open';

/**
 * What a link leads to. Pure. Whoever reads another inbox by now is refused before anything about the contact is shown; a
 * removal is shown also after the link has expired: whoever was silent to the end comes to just that.
 */
export function stateOf(link: LinkFacts, decision: ExpungeDecision): FormState {
  if (link.addressChanged) return 'void';
  if (decision === 'already-expunging') return 'expunging';
  if (decision === 'already-waiting') return 'waiting';
  if (link.expired) return 'expired';
  return link.contactDisabled ? 'disabled' : 'open';
}

export interface ConsentGiven {
  readonly decision: 'opted-in' | 'declined';
  readonly how: 'form' | 'one-click';
}

/** Record it; nothing to record, it is so already; or say that it came too late. */
export type ConsentDecision = 'record' | 'show' | 'too-late';

/**
 * What a yes or no does in a state. Pure. A removal that was accepted is never stopped by an answer; before that, each answer
 * can be changed. A mail program that unsubscribes is heard also after the link has expired: it only ends mails.
 */
export function decideConsent(state: FormState, present: string, given: ConsentGiven): ConsentDecision {
  switch (state) {
    case 'void':
      return 'show';
    case 'expunging':
    case 'waiting':
    case 'disabled':
      return 'too-late';
    case 'expired':
      return given.how === 'one-click' && present !== given.decision ? 'record' : 'show';
    case 'open':
      return present === given.decision ? 'show' : 'record';
  }
}
