import type { BounceKind, DeclineReason, OptInMail } from '#contracts';
import type { ContactState, ExpungePolicy } from '../expunge/expunge.decision.js';

/** A mail that was asked for, and what became of it. */
export interface OptInAsk {
  readonly emailId: string;
  readonly contactId: string;
  readonly enrolmentId: string;
  readonly template: OptInMail;
  readonly graceSeconds: number;
  readonly linkValidSeconds: number;
  readonly acceptedAt: Date | null;
  readonly rejected: boolean;
  readonly bounceKind: Exclude<BounceKind, 'complaint'> | null;
  readonly stopped: boolean;
  /** The contact has another address now than the one that was asked. */
  readonly addressChanged: boolean;
  readonly workflowId: string;
  readonly complained: boolean;
}

export interface SentAsk extends OptInAsk {
  readonly askedAt: Date;
}

/** All that counts for whether a contact is removed for its silence, read after tenant and contact were locked. */
export interface Silence {
  /** Undefined: unknown here, or erased. */
  readonly state: ContactState | undefined;
  /** Opted in, or has an account: who signed up needs no asking. */
  readonly consented: boolean;
  readonly held: boolean;
  readonly killSwitch: boolean;
  readonly policy: ExpungePolicy;
  /** All mails that asked this contact, by whichever workflow. */
  readonly asks: readonly OptInAsk[];
  /** Whose grace period is over, as the command says. */
  readonly enrolmentId: string;
  /** The mail whose acceptance started the grace period, as the command names it. */
  readonly emailId: string;
  /** The grace period, as the command names it. */
  readonly graceSeconds: number;
  /** The database's clock, read under the locks. */
  readonly now: Date;
  /** How many more of this client's contacts may be removed today. */
  readonly leftToday: number;
}

/**
 * Rule 2: nobody is removed for silence unless the mail that asked was accepted at least the grace period ago and has not
 * bounced since, its link was valid all that time, no opt-in was given, nothing holds the contact, the policy is on and the
 * enrolment was not stopped. Pure. A decline and a complaint do not protect: they end the mails, not the removal. What reminders
 * and other workflows' mails have promised is kept too: their time, and when the last one said so, that nobody is removed. An
 * address at which a mail came back for good reaches nobody; what came back from an earlier address of the contact says nothing
 * of the present one.
 */
export function decideSilentExpunge(silence: Silence): DeclineReason | 'expunge' {
  const { asks, enrolmentId, killSwitch, policy } = silence;
  if (silence.state !== 'active') return 'gone';
  if (silence.consented) return 'opted-in';
  if (asks.some((ask) => ask.stopped && ask.enrolmentId === enrolmentId)) return 'stopped';
  if (silence.held) return 'held';
  if (killSwitch) return 'kill-switch';
  if (policy === 'off') return 'policy-off';
  return decideByMails(silence) ?? (silence.leftToday > 0 ? 'expunge' : 'daily-cap');
}

/** What the mails themselves have against it. */
function decideByMails({ asks, enrolmentId, emailId, graceSeconds, now }: Silence): DeclineReason | undefined {
  const ask = asks.find((one) => one.emailId === emailId && one.enrolmentId === enrolmentId);
  const end = ask ? endByMail(asks, ask, graceSeconds) : 'not-asked';
  if (typeof end === 'string') return end;
  return now.getTime() < end ? 'too-early' : undefined;
}

/** When who stays silent may be removed on account of this mail, among all that asked; or why that never happens, as things are. */
function endByMail(asks: readonly OptInAsk[], ask: OptInAsk, graceSeconds: number): number | 'not-asked' | 'bounced' {
  // With a grace of 0 the mail promised that nobody is removed.
  if (!ask.acceptedAt || ask.addressChanged || ask.graceSeconds === 0) return 'not-asked';
  if (ask.template !== 'opt-in' || wasToldNobodyGoes(asks)) return 'not-asked';
  const grace = Math.max(ask.graceSeconds, graceSeconds);
  if (ask.linkValidSeconds < grace) return 'not-asked';
  if (ask.bounceKind !== null || asks.some((one) => cameBackForGood(one) && !one.addressChanged)) return 'bounced';
  return Math.max(secondsAfter(ask.acceptedAt, grace), ...asks.map(promisedUntil));
}

/** By the last mail that arrived: while expunge is off, and by a workflow that only asks, a mail says that nothing is removed. */
function wasToldNobodyGoes(asks: readonly OptInAsk[]): boolean {
  const arrived = asks.filter(({ acceptedAt, bounceKind }) => acceptedAt !== null && bounceKind === null);
  const last = Math.max(...arrived.map(({ acceptedAt }) => Number(acceptedAt)));
  return arrived.some(({ acceptedAt, graceSeconds }) => Number(acceptedAt) === last && graceSeconds === 0);
}

/**
 * When the rule lets whoever stays silent go on account of some of the mails that asked, whatever else protects them; null when
 * it does not, as things are. Pure, and the rule itself, so that what is shown and what is done cannot differ.
 */
export function endOfSilence(asks: readonly OptInAsk[], some: readonly OptInAsk[] = asks): Date | null {
  const ends = some.filter(({ stopped }) => !stopped).map((ask) => endByMail(asks, ask, ask.graceSeconds));
  const times = ends.filter((end) => typeof end === 'number');
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/** Nobody reads what comes to this address. */
export const cameBackForGood = ({ rejected, bounceKind }: OptInAsk): boolean => rejected || bounceKind === 'hard';

/** Each mail is a promise: who reads only a reminder, or another workflow's mail, has the time that one names. */
const promisedUntil = ({ acceptedAt, graceSeconds }: OptInAsk): number =>
  acceptedAt === null ? 0 : secondsAfter(acceptedAt, graceSeconds);

const secondsAfter = (at: Date, seconds: number): number => at.getTime() + seconds * 1_000;
