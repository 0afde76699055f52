export const EXPUNGE_POLICIES = ['off', 'permanent'] as const;
/** What Delete Account means for a client company: a soft delete, or the permanent removal everywhere. */
export type ExpungePolicy = (typeof EXPUNGE_POLICIES)[number];

export const VISIBLE_STATES = ['active', 'disabled'] as const;
/** `expunging` contacts can be seen and changed by nobody any more; they wait for their erasure. */
export type ContactState = (typeof VISIBLE_STATES)[number] | 'expunging';

/** What happens to a contact that shall go: two acts, and two cases in which it has happened already. */
export type ExpungeDecision = 'expunge' | 'disable' | 'already-expunging' | 'already-disabled';

/**
 * The rule of Delete Account. Pure; the caller has locked tenant and contact before it read the two.
 * What is being expunged stays so, whatever the policy has become since. A disabled contact is expunged when it is asked
 * for again and the policy is permanent by now.
 */
export function decideExpunge(policy: ExpungePolicy, state: ContactState): ExpungeDecision {
  if (state === 'expunging') return 'already-expunging';
  switch (policy) {
    case 'permanent':
      return 'expunge';
    case 'off':
      return state === 'disabled' ? 'already-disabled' : 'disable';
  }
}
