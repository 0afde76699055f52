import type { ExpungeDecision } from '../expunge/expunge.decision.js';

export interface LinkFacts {
  readonly used: boolean;
  readonly expired: boolean;
  /** The contact still has the address the link was sent to. */
  readonly sameAddress: boolean;
}

/** What a link may do: act once, show what has happened already, or nothing any more. */
export type LinkDecision = 'act' | 'show' | 'expired' | 'void';

/**
 * The rule of a link. Pure. Whoever reads another inbox by now is refused before anything about the contact is shown. A
 * link that was used shows what became of it; it never acts a second time, also when the contact has come back since.
 */
export function decideLink(link: LinkFacts, decision: ExpungeDecision): LinkDecision {
  if (link.expired) return 'expired';
  if (!link.sameAddress) return 'void';
  switch (decision) {
    case 'already-expunging':
    case 'already-waiting':
    case 'already-disabled':
      return 'show';
    case 'expunge':
    case 'wait':
    case 'disable':
      return link.used ? 'void' : 'act';
  }
}
