import type { DeclineReason } from '#contracts';
import type { ContactState, ExpungePolicy } from '../expunge/expunge.decision.js';
import { cameBackForGood, endOfSilence, type SentAsk } from './silent-expunge.decision.js';

export const CONSENT_STATES = [
  'not-asked',
  'asked',
  'opted-in',
  'declined',
  'undeliverable',
  'on-hold',
  'stopped',
] as const;
/** Where a contact stands. `stopped`: somebody at the client took it out; nobody asks it, or removes it for its silence. */
export type ConsentState = (typeof CONSENT_STATES)[number];

/** A removal that was asked for and declined; the newest one counts. */
export interface Decline {
  readonly enrolmentId: string;
  readonly reason: DeclineReason;
  /** When last for this reason. */
  readonly at: Date;
  /** Whoever looks may know the reason. */
  readonly told: boolean;
}

/** What a standing follows from. */
export interface Situation {
  readonly state: ContactState;
  readonly consent: 'none' | 'opted-in' | 'declined';
  readonly hasAccount: boolean;
  readonly stopped: boolean;
  /** False also when whoever looks may not know. */
  readonly held: boolean;
  readonly policy: ExpungePolicy;
  /** All mails that asked the contact. */
  readonly asks: readonly SentAsk[];
  /** Newest first. */
  readonly declines: readonly Decline[];
  /** Only what this workflow has asked counts; undefined: all. */
  readonly workflowId?: string;
  readonly now: Date;
}

export interface Stand {
  readonly state: ConsentState;
  /** When whoever has not opted in is removed; null when nobody will be, as things are, or the time has not begun. */
  readonly endsAt: Date | null;
  /** Begun days count as whole ones; 0 when the time is over. */
  readonly daysLeft: number | null;
  /** Why it is not removed although it does not answer; null while it is not time. */
  readonly keptBy: DeclineReason | null;
  /**
   * Its time has been over for more than a day, and nobody has asked for its removal for two days: its enrolment is lost, or
   * late.
   */
  readonly overdue: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A removal that was put off is asked for again after a day at the latest. */
const ASKED_AGAIN_WITHIN_MS = 2 * DAY_MS;
/** A million mails wait for nearly four weeks in the send budget; one without a word for longer is lost, and moves nothing. */
const UNDER_WAY_AT_MOST_MS = 30 * DAY_MS;

/** Pure. The states in the order of the rule by which silent contacts are removed. */
export function decideStanding(situation: Situation): Stand {
  const { asks, workflowId, now } = situation;
  const own = asks.filter((ask) => !ask.addressChanged && (workflowId === undefined || ask.workflowId === workflowId));
  const state = stateOf(situation, own);
  if (!waits(situation, state)) return { state, endsAt: null, daysLeft: null, keptBy: null, overdue: false };
  const end = endOfSilence(asks, own);
  const keptBy = whyKept(situation, own, end);
  if (end === null || situation.policy === 'off')
    return { state, endsAt: null, daysLeft: null, keptBy, overdue: false };
  const daysLeft = Math.max(0, Math.ceil((end.getTime() - now.getTime()) / DAY_MS));
  // A reminder that is still under way moves the end.
  const moves = state === 'asked' && own.some((ask) => isUnderWay(ask, now));
  const overdue = !moves && end.getTime() + DAY_MS < now.getTime() && !hasEnrolment(situation, own);
  return { state, endsAt: end, daysLeft, keptBy, overdue };
}

export const isUnderWay = ({ acceptedAt, rejected, askedAt }: SentAsk, now: Date): boolean =>
  acceptedAt === null && !rejected && askedAt.getTime() + UNDER_WAY_AT_MOST_MS > now.getTime();

/** By the last word of one: it has asked for the removal of late, or is over because a mail came back. */
function hasEnrolment({ declines, now }: Situation, own: readonly SentAsk[]): boolean {
  const last = declines.find(ofEnrolmentsIn(own));
  return last !== undefined && (last.reason === 'bounced' || last.at.getTime() + ASKED_AGAIN_WITHIN_MS > now.getTime());
}

function ofEnrolmentsIn(asks: readonly SentAsk[]): (decline: Decline) => boolean {
  const enrolments = new Set(asks.map(({ enrolmentId }) => enrolmentId));
  return ({ enrolmentId }) => enrolments.has(enrolmentId);
}

const waits = ({ state, hasAccount }: Situation, stands: ConsentState): boolean =>
  state === 'active' && !hasAccount && (stands === 'asked' || stands === 'declined');

function stateOf({ consent, stopped, held }: Situation, own: readonly SentAsk[]): ConsentState {
  if (consent === 'opted-in') return 'opted-in';
  if (stopped) return 'stopped';
  if (held) return 'on-hold';
  if (isUndeliverable(own)) return 'undeliverable';
  if (consent === 'declined' || own.some(({ complained }) => complained)) return 'declined';
  return own.length > 0 ? 'asked' : 'not-asked';
}

/** When a mail came back for good, or when in each enrolment all mails came back for now. */
function isUndeliverable(own: readonly SentAsk[]): boolean {
  if (own.some(cameBackForGood)) return true;
  const open = own.filter(({ stopped }) => !stopped);
  const reached = new Set(open.filter(({ bounceKind }) => bounceKind === null).map(({ enrolmentId }) => enrolmentId));
  return open.length > 0 && open.every(({ enrolmentId }) => !reached.has(enrolmentId));
}

/** The policy of now; and of what was in the way when the time was over, the last that was. */
function whyKept(
  { policy, declines, now }: Situation,
  own: readonly SentAsk[],
  end: Date | null,
): DeclineReason | null {
  if (policy === 'off') return 'policy-off';
  if (end !== null && end > now) return null;
  const last = declines.filter(ofEnrolmentsIn(own)).find(({ reason, told }) => told && reason !== 'too-early');
  return last?.reason ?? null;
}
