/** What the rules of an enrolment share: what they are given, what they decide, and the states they lead to. */
import type { Step } from '../actions/action.process.js';
import type { Outgoing } from '#contracts';
import {
  caresForMails,
  type EnrolmentState,
  type EnrolmentStateName,
  type IgnoredReason,
  type Input,
} from './enrolment-state.process.js';

/** The data a decision needs besides the state: the steps of the version, the database's clock, the names of mails. */
export interface Given {
  readonly steps: readonly Step[];
  readonly now: Date;
  readonly emailId: (step: number, attempt: number) => string;
}

export interface Progress {
  readonly state: EnrolmentState;
  readonly messages: readonly Outgoing[];
  /** When the one timer is due from now on; null: there is none; undefined: as it was, so none where it has fired. */
  readonly timer?: Date | null;
}

export type Decision = Progress | { readonly ignored: IgnoredReason };

export type Kind = Input['kind'];
export type InputOf<K extends Kind> = Extract<Input, { kind: K }>;

/** No further mails; the waits run on to the removal. */
export function decline(state: EnrolmentState): Decision {
  if (state.declined) return { ignored: 'already-declined' };
  if (!caresForMails(state)) return { ignored: 'no-outcome-awaited' };
  return { state: declined(state), messages: [] };
}

export const declined = (state: EnrolmentState): EnrolmentState => ({
  ...state,
  declined: true,
  state: state.state === 'waiting' ? 'declined' : state.state,
});

/** Waits for a timer, no outcome. */
export const waiting = (state: EnrolmentState): EnrolmentState => ({
  ...state,
  state: state.declined ? 'declined' : 'waiting',
  askedAt: undefined,
  unanswered: false,
});

export const end = (state: EnrolmentState, name: EnrolmentStateName, reason?: string): Progress => ({
  state: { ...state, state: name, reason, askedAt: undefined, unanswered: false },
  messages: [],
  timer: null,
});

export const optInStep = (steps: readonly Step[]): number => steps.findIndex(({ action }) => action === 'send-opt-in');
