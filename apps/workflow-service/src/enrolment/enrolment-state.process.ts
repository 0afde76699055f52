/** What is known of one enrolment, and what can happen to it: the data that enrolment.process.ts decides from. */
import type { BounceKind, DeclineReason, NotSentReason } from '#contracts';

export const ENROLMENT_STATES = [
  'waiting',
  'declined',
  'opted-in',
  'undeliverable',
  'stopped',
  'expunging',
  'ended',
] as const;
/**
 * `waiting` for a mail's outcome or a timer; `declined` the same without further mails; `expunging`: the removal was asked
 * for. `undeliverable`: cannot be asked, a person decides. The others are the end of it.
 */
export type EnrolmentStateName = (typeof ENROLMENT_STATES)[number];

/** One contact's way through one version of a workflow. */
export interface EnrolmentState {
  readonly enrolmentId: string;
  readonly tenantId: string;
  readonly contactId: string;
  readonly workflowId: string;
  readonly version: number;
  readonly state: EnrolmentStateName;
  /** No further mails; stays true while the removal is asked for. */
  readonly declined: boolean;
  /** Index of the step that begins when the timer fires, or whose outcome is awaited. */
  readonly step: number;
  /** Grows with each mail that came back softly, and when it is asked anew; part of the email ids, so a mail sent again is another mail. */
  readonly attempt: number;
  /** What becomes of the mails of earlier attempts counts no more: the contact has been asked anew since. */
  readonly firstAttempt: number;
  /** How many attempts since then were made for reminders that came back: they take none from the mail that asks. */
  readonly remindedAgain: number;
  /** The mail whose acceptance starts the grace period, and when it was accepted. */
  readonly optInMail?: string;
  readonly acceptedAt?: Date;
  /** Since when an outcome is awaited: of a mail, or of the removal. Without it a timer must be there. */
  readonly askedAt?: Date;
  /** It was asked for again since, and there was no word of it. */
  readonly unanswered: boolean;
  /** How often the removal was put off. */
  readonly postponed: number;
  /** How many of its timers fired late. */
  readonly lateTimers: number;
  /** Why it is undeliverable or ended. */
  readonly reason?: string;
}

export type Input =
  | { readonly kind: 'timer-fired'; readonly late: boolean }
  | { readonly kind: 'email-accepted'; readonly emailId: string; readonly at: Date }
  | { readonly kind: 'email-rejected'; readonly emailId: string; readonly permanent: boolean }
  | { readonly kind: 'email-bounced'; readonly emailId: string; readonly bounce: BounceKind }
  | { readonly kind: 'opt-in-not-sent'; readonly emailId: string; readonly reason: NotSentReason }
  | { readonly kind: 'contact-opted-in' }
  | { readonly kind: 'contact-declined' }
  | { readonly kind: 'contact-disabled' }
  | { readonly kind: 'expunge-declined'; readonly reason: DeclineReason }
  | { readonly kind: 'enrolment-stopped' }
  /** With the ids of the workflows that take contacts in at this moment. */
  | { readonly kind: 'ask-anew'; readonly workflows: ReadonlySet<string> }
  | { readonly kind: 'outcome-overdue' }
  | { readonly kind: 'timer-lost' };

export type IgnoredReason =
  | 'already-over'
  | 'already-declined'
  | 'no-further-mails'
  | 'not-asked-yet'
  | 'no-timer-awaited'
  | 'no-outcome-awaited'
  | 'other-mail';

/** Waits for a timer or an outcome of its own. */
export const isUnderWay = ({ state }: EnrolmentState): boolean =>
  state === 'waiting' || state === 'declined' || state === 'expunging';

/** All its steps are done and nobody has decided anything: it has asked, and removes nobody. */
export const isCompleted = ({ state, reason }: EnrolmentState): boolean => state === 'ended' && reason === 'completed';

/** What happens to its mails still matters: a mail often comes back only after the last step that it was waited for. */
export const caresForMails = (state: EnrolmentState): boolean => isUnderWay(state) || isCompleted(state);
