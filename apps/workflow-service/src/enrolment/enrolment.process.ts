/**
 * The story of one enrolment. It begins with a timer that is due at once: the mail that asks to opt in is sent for. When the
 * receiving server has accepted it, the first wait runs from that moment; after it come reminders, each with a wait that
 * runs from its own acceptance, and at the end the removal is asked for. Whoever opts in, is disabled or is stopped is out
 * of it. A decline ends the mails but not the waits. A mail that came back is sent again as another mail, with a clock of
 * its own, or ends in `undeliverable`: nobody is removed who was not reached. A reminder that comes back too often ends nothing.
 * Who has another address begins anew. The removal may be put off any number of times. A workflow that only asks is completed,
 * and still hears what becomes of its mails, and what the contact or the client decides.
 */
import { actionOf } from '../actions/actions.process.js';
import { type Begun, promisedSeconds } from '../actions/action.process.js';
import type { DeclineReason, NotSentReason } from '#contracts';
import {
  type EnrolmentState,
  type EnrolmentStateName,
  type Input,
  isCompleted,
  isUnderWay,
} from './enrolment-state.process.js';
import {
  type Decision,
  decline,
  declined,
  end,
  type Given,
  type InputOf,
  type Kind,
  optInStep,
  type Progress,
  waiting,
} from './enrolment-moves.process.js';
import { bounced, rejected } from './mail-came-back.process.js';

const MINUTE_MS = 60 * 1_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type Rules = { readonly [K in Kind]: (state: EnrolmentState, input: InputOf<K>, given: Given) => Decision };

const OVER: ReadonlySet<EnrolmentStateName> = new Set(['opted-in', 'stopped', 'ended']);

/** What follows from one input. Late, repeated and foreign inputs are ignored, with the reason. */
export function decide(state: EnrolmentState, input: Input, given: Given): Decision {
  if (OVER.has(state.state) && !isCompleted(state)) return { ignored: 'already-over' };
  const rule = RULES[input.kind] as (state: EnrolmentState, input: Input, given: Given) => Decision;
  return rule(state, input, given);
}

const RULES: Rules = {
  'timer-fired': timerFired,
  'email-accepted': accepted,
  'email-rejected': rejected,
  'email-bounced': bounced,
  'opt-in-not-sent': notSent,
  'contact-opted-in': (state) => end(state, 'opted-in'),
  'contact-declined': (state) => decline(state),
  'contact-disabled': (state) => end(state, 'ended', 'disabled'),
  'expunge-declined': postponed,
  'enrolment-stopped': (state) => end(state, 'stopped'),
  'ask-anew': askAnew,
  'outcome-overdue': askAgain,
  'timer-lost': timerLost,
};

function timerFired(state: EnrolmentState, { late }: InputOf<'timer-fired'>, given: Given): Decision {
  if (!isUnderWay(state) || state.askedAt) return { ignored: 'no-timer-awaited' };
  const counted = late ? { ...state, lateTimers: state.lateTimers + 1 } : state;
  return advance(counted, state.step, given.now, given);
}

/** The receiving server has the mail: only from now on is there time to answer. A decline meanwhile changes nothing of that. */
function accepted(state: EnrolmentState, { emailId, at }: InputOf<'email-accepted'>, given: Given): Decision {
  const late = wentAllTheSame(state, emailId);
  if (!late && (!isUnderWay(state) || !state.askedAt)) return { ignored: 'no-outcome-awaited' };
  if (emailId !== given.emailId(state.step, state.attempt)) return { ignored: 'other-mail' };
  if (late)
    return advance(waiting({ ...state, declined: true, reason: undefined, acceptedAt: at }), state.step + 1, at, given);
  const startsGrace = emailId === state.optInMail;
  return advance(startsGrace ? { ...state, acceptedAt: at } : state, state.step + 1, at, given);
}

/** Called back because the contact had declined, while it was just being handed over. */
const wentAllTheSame = ({ state, reason, optInMail }: EnrolmentState, emailId: string): boolean =>
  state === 'undeliverable' && reason === 'declined' && emailId === optInMail;

const NOT_SENT: Readonly<Record<NotSentReason, [EnrolmentStateName, string?]>> = {
  'opted-in': ['opted-in'],
  stopped: ['stopped'],
  'no-address': ['undeliverable', 'no-address'],
  undeliverable: ['undeliverable', 'undeliverable'],
  suppressed: ['undeliverable', 'suppressed'],
  declined: ['undeliverable', 'declined'],
  disabled: ['ended', 'disabled'],
  gone: ['ended', 'gone'],
};

function notSent(state: EnrolmentState, { emailId, reason }: InputOf<'opt-in-not-sent'>, given: Given): Decision {
  if (!isUnderWay(state) || !state.askedAt) return { ignored: 'no-outcome-awaited' };
  if (emailId !== given.emailId(state.step, state.attempt)) return { ignored: 'other-mail' };
  // Only a reminder is not needed, or wanted: the mail before it was accepted, and its waits run on.
  if ((reason === 'declined' || reason === 'suppressed') && emailId !== state.optInMail)
    return advance(reason === 'declined' ? declined(state) : state, state.step + 1, given.now, given);
  return end(state, ...NOT_SENT[reason]);
}

/** contact-service keeps the contact, for good or for now. */
function postponed(state: EnrolmentState, { reason }: InputOf<'expunge-declined'>, given: Given): Decision {
  if (state.state !== 'expunging') return { ignored: 'no-outcome-awaited' };
  const verdict = KEPT[reason];
  if (verdict !== 'later') return end(state, ...verdict);
  const next = { ...waiting(state), postponed: state.postponed + 1 };
  return { state: next, messages: [], timer: new Date(laterThan(state, reason, given)) };
}

const KEPT: Readonly<Record<DeclineReason, [EnrolmentStateName, string?] | 'later'>> = {
  'opted-in': ['opted-in'],
  stopped: ['stopped'],
  gone: ['ended', 'gone'],
  bounced: ['undeliverable', 'bounced'],
  held: 'later',
  'not-asked': 'later',
  'too-early': 'later',
  'policy-off': 'later',
  'kill-switch': 'later',
  'daily-cap': 'later',
};

/**
 * When it is asked for again: at the right time where that is known; otherwise after an hour, doubling to a day. That the mail
 * was accepted may just not have reached contact-service yet: then it begins with a minute.
 */
function laterThan(state: EnrolmentState, reason: DeclineReason, { now, steps }: Given): number {
  const present = now.getTime();
  if (reason === 'daily-cap') return (Math.floor(present / DAY_MS) + 1) * DAY_MS;
  if (reason === 'too-early') {
    const graceMs = promisedSeconds(steps, optInStep(steps)) * 1_000;
    const over = (state.acceptedAt?.getTime() ?? 0) + graceMs;
    // A mail of another workflow may have promised more; when that is over is not known here.
    if (over > present) return over;
  }
  const firstMs = reason === 'not-asked' ? MINUTE_MS : HOUR_MS;
  return present + Math.min(DAY_MS, firstMs * 2 ** Math.min(state.postponed, 20));
}

/**
 * As at the beginning, by other mails with clocks of their own; also who could not be asked. What was sent before is forgotten.
 * A completed one is not under way: an archived workflow, or one whose end date is over, does not begin it again.
 */
function askAnew(state: EnrolmentState, { workflows }: InputOf<'ask-anew'>, { steps, now }: Given): Decision {
  if (isCompleted(state) && !workflows.has(state.workflowId)) return { ignored: 'already-over' };
  const step = optInStep(steps);
  const untouched = isUnderWay(state) && state.optInMail === undefined && state.attempt === state.firstAttempt;
  if (step < 0 || untouched) return { ignored: 'not-asked-yet' };
  const attempt = state.attempt + 1;
  const none = { optInMail: undefined, acceptedAt: undefined, postponed: 0, remindedAgain: 0, reason: undefined };
  return { state: { ...waiting(state), ...none, step, attempt, firstAttempt: attempt }, messages: [], timer: now };
}

/** The outcome is missing for too long: the same is asked once more; asked twice, it is done once. */
function askAgain(state: EnrolmentState, _: InputOf<'outcome-overdue'>, given: Given): Decision {
  if (!isUnderWay(state) || !state.askedAt) return { ignored: 'no-outcome-awaited' };
  return advance(state, state.step, given.now, given, true);
}

function timerLost(state: EnrolmentState, _: InputOf<'timer-lost'>, { now }: Given): Decision {
  if (!isUnderWay(state) || state.askedAt) return { ignored: 'no-timer-awaited' };
  return { state, messages: [], timer: now };
}

/** Takes the steps from this one on, until something must be waited for. Waits count from `base`. */
function advance(state: EnrolmentState, from: number, base: Date, given: Given, again = false): Progress {
  for (let index = from; index < given.steps.length; index += 1) {
    const emailId = (): string => given.emailId(index, state.attempt);
    const begun = actionOf(given.steps[index]?.action)?.begin({ state, steps: given.steps, index, emailId, again });
    if (!begun) return end(state, 'undeliverable', 'unknown-action');
    if (begun.kind !== 'next') return pauseAt({ ...state, step: index }, begun, { base, now: given.now, again });
  }
  return end(state, 'ended', 'completed');
}

type Paused = Exclude<Begun, { kind: 'next' }>;
interface Pause {
  readonly base: Date;
  readonly now: Date;
  readonly again: boolean;
}

/** At a step that has begun. */
function pauseAt(state: EnrolmentState, begun: Paused, { base, now, again }: Pause): Progress {
  switch (begun.kind) {
    case 'wait': {
      const timer = new Date(base.getTime() + begun.seconds * 1_000);
      return { state: { ...waiting(state), step: state.step + 1 }, messages: [], timer };
    }
    case 'asked':
      return { state: { ...state, askedAt: now, unanswered: again, ...begun.change }, messages: begun.messages };
    case 'over':
      return end(state, begun.state, begun.reason);
  }
}
