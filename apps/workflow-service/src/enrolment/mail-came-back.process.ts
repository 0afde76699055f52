/** What follows when a mail does not arrive: it is tried again, written again as another mail, or nobody can be asked. */
import { actionOf, type ActionName } from '../actions/actions.process.js';
import type { EnrolmentState } from './enrolment-state.process.js';
import { caresForMails, isUnderWay } from './enrolment-state.process.js';
import { type Decision, decline, end, type Given, type InputOf, waiting } from './enrolment-moves.process.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MOST_ATTEMPTS = 3;

export function rejected(
  state: EnrolmentState,
  { emailId, permanent }: InputOf<'email-rejected'>,
  given: Given,
): Decision {
  if (!permanent) return triedAgain(state, emailId, given);
  if (!isUnderWay(state)) return { ignored: 'no-outcome-awaited' };
  return isOurs(state, emailId, given) ? end(state, 'undeliverable', 'rejected') : { ignored: 'other-mail' };
}

/** It waits, for the send budget or a next try: a word of it, so nothing is missing. */
function triedAgain(state: EnrolmentState, emailId: string, given: Given): Decision {
  if (!isUnderWay(state) || !state.askedAt) return { ignored: 'no-outcome-awaited' };
  if (emailId !== given.emailId(state.step, state.attempt)) return { ignored: 'other-mail' };
  return { state: { ...state, askedAt: given.now, unanswered: false }, messages: [] };
}

export function bounced(state: EnrolmentState, { emailId, bounce }: InputOf<'email-bounced'>, given: Given): Decision {
  if (!caresForMails(state)) return { ignored: 'no-outcome-awaited' };
  if (!isOurs(state, emailId, given)) return { ignored: 'other-mail' };
  switch (bounce) {
    case 'hard':
      return end(state, 'undeliverable', 'bounced');
    case 'complaint':
      return decline(state);
    case 'soft':
      return bouncedSoftly(state, emailId, given);
  }
}

/** Sent again after a day, as another mail: what came back has reached nobody and has started no clock. */
function bouncedSoftly(state: EnrolmentState, emailId: string, given: Given): Decision {
  if (state.declined) return { ignored: 'no-further-mails' };
  const first = emailId === state.optInMail;
  const step = given.steps.findIndex(
    ({ action }, n) =>
      mailsAt(action) &&
      (first ? action === ('send-opt-in' satisfies ActionName) : emailId === given.emailId(n, state.attempt)),
  );
  if (step < 0 || step > state.step) return { ignored: 'other-mail' };
  const { firstAttempt, attempt, remindedAgain } = state;
  const tries = 1 + (first ? attempt - firstAttempt - remindedAgain : remindedAgain);
  if (tries >= MOST_ATTEMPTS)
    return first ? end(state, 'undeliverable', 'bounced') : notRemindedAgain(state, step, given);
  const again = { ...waiting(state), reason: undefined, step, attempt: attempt + 1 };
  return {
    // Told again before the next is sent, it is not taken for that one.
    state: first
      ? { ...again, optInMail: undefined, acceptedAt: undefined }
      : { ...again, remindedAgain: remindedAgain + 1 },
    messages: [],
    timer: new Date(given.now.getTime() + DAY_MS),
  };
}

/**
 * The mail that asks was accepted, so the contact has been asked: ended here it would be kept by nothing and removed by
 * nobody. The timer that its acceptance has set runs on; where that was not heard, the wait begins now.
 */
function notRemindedAgain(state: EnrolmentState, step: number, { now }: Given): Decision {
  if (!state.askedAt || state.step !== step) return { ignored: 'no-further-mails' };
  return { state: { ...waiting(state), step: step + 1 }, messages: [], timer: now };
}

/** Whether this mail was, or may have been, sent for this enrolment: at a step it has begun, at an attempt it has made. */
function isOurs(
  { step: last, firstAttempt, attempt, optInMail }: EnrolmentState,
  emailId: string,
  given: Given,
): boolean {
  if (emailId === optInMail) return true;
  return given.steps.slice(0, last + 1).some(({ action }, step) => {
    if (!mailsAt(action)) return false;
    const attempts = Array.from({ length: attempt - firstAttempt + 1 }, (_, n) => firstAttempt + n);
    return attempts.some((one) => given.emailId(step, one) === emailId);
  });
}

const mailsAt = (action: string): boolean => actionOf(action)?.mails === true;
