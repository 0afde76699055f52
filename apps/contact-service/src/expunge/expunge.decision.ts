import type { WaitingFor } from '#contracts';

export const EXPUNGE_POLICIES = ['off', 'permanent'] as const;
/** What Delete Account means for a client company: a soft delete, or the permanent removal everywhere. */
export type ExpungePolicy = (typeof EXPUNGE_POLICIES)[number];

export const VISIBLE_STATES = ['active', 'disabled'] as const;
/** `expunging` contacts can be seen and changed by nobody any more; they wait for their erasure. */
export type ContactState = (typeof VISIBLE_STATES)[number] | 'expunging';

/** What may keep an accepted removal from beginning. */
export interface Obstacles {
  /** The client's expunges are all stopped for now. */
  readonly killSwitch: boolean;
  /** When each hold that is in force ends; null: when somebody lifts it. */
  readonly holdEnds: readonly (Date | null)[];
}

/** All that counts, read after tenant and contact were locked. */
export interface Situation extends Obstacles {
  /** In force now. */
  readonly policy: ExpungePolicy;
  readonly state: ContactState;
  /** A removal was accepted earlier and has not begun. */
  readonly waiting: boolean;
}

/** What happens to a contact that shall go: three acts, and three cases in which it has happened already. */
export type ExpungeDecision =
  'expunge' | 'wait' | 'disable' | 'already-expunging' | 'already-waiting' | 'already-disabled';

/**
 * The rule of Delete Account. Pure; the caller has locked tenant and contact before it read the rest.
 * What is being expunged stays so, and what was accepted waits on, whatever policy and obstacles have become since. A
 * disabled contact is expunged when it is asked for again and the policy is permanent by now. Obstacles only put off the
 * removal: with the policy off nothing is removed, so a hold does not stand in the way of disabling.
 */
export function decideExpunge(situation: Situation): ExpungeDecision {
  if (situation.state === 'expunging') return 'already-expunging';
  if (situation.waiting) return 'already-waiting';
  switch (situation.policy) {
    case 'permanent':
      return obstaclesOf(situation).length === 0 ? 'expunge' : 'wait';
    case 'off':
      return situation.state === 'disabled' ? 'already-disabled' : 'disable';
  }
}

/**
 * Whether a waiting removal begins now. The policy has no say any more: it counted when the removal was accepted, and the
 * person was told that it will be done.
 */
export const mayResume = (obstacles: Obstacles): boolean => obstaclesOf(obstacles).length === 0;

/** What stands in the way, in words for the privacy officer; empty when nothing does. */
export function obstaclesOf({ killSwitch, holdEnds }: Obstacles): WaitingFor[] {
  return [...(holdEnds.length > 0 ? (['hold'] as const) : []), ...(killSwitch ? (['kill-switch'] as const) : [])];
}

/** When all obstacles will have ended by themselves; null while one of them needs somebody to act. */
export function lookAgainAt({ killSwitch, holdEnds }: Obstacles): Date | null {
  const ends = holdEnds.filter((end) => end !== null);
  if (killSwitch || ends.length < holdEnds.length || ends.length === 0) return null;
  return new Date(Math.max(...ends.map((end) => end.getTime())));
}
