/** What an action is: one thing a workflow can do at a step. Each is one file here and one line in actions.process.ts. */
import type { Outgoing } from '#contracts';
import type { EnrolmentState, EnrolmentStateName } from '../enrolment/enrolment-state.process.js';

/** One step of a workflow version, as the client wrote it. */
export interface Step {
  readonly action: string;
  readonly seconds?: number;
  readonly linkValidSeconds?: number;
}

export const STEP_PARAMETERS = ['seconds', 'linkValidSeconds'] as const;
export type StepParameter = (typeof STEP_PARAMETERS)[number];

export interface StepStart {
  readonly state: EnrolmentState;
  readonly steps: readonly Step[];
  readonly index: number;
  /** The identity of a mail sent at this step: of this enrolment, step and attempt. */
  readonly emailId: () => string;
  /** It has begun before and its outcome did not come: say the same again. */
  readonly again: boolean;
}

/** What beginning a step comes to. */
export type Begun =
  /** Nothing to wait for: the next step begins at once. */
  | { readonly kind: 'next' }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** Something was asked of another service; its outcome is awaited. */
  | { readonly kind: 'asked'; readonly messages: readonly Outgoing[]; readonly change: Partial<EnrolmentState> }
  | { readonly kind: 'over'; readonly state: EnrolmentStateName; readonly reason: string };

/** How short and how long a grace period may be. */
export interface Limits {
  readonly shortestGraceSeconds: number;
  readonly longestGraceSeconds: number;
}

export interface PlacedStep {
  readonly steps: readonly Step[];
  readonly index: number;
  readonly limits: Limits;
}

/** What forbids to activate a version; `code` is for machines. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

export interface Action {
  /** What it may be told; `true` is what it must be told. */
  readonly parameters: Partial<Record<StepParameter, boolean>>;
  /** Sends a mail that asks: its acceptance is what the next wait counts from. */
  readonly mails?: true;
  begin(start: StepStart): Begun;
  /** What is wrong with a step of this action in its place. */
  faults(placed: PlacedStep): Fault[];
}

const isExpunge = ({ action }: Step): boolean => action === 'expunge';

/** Seconds of waiting between this step and the removal, or the end where nobody is removed. */
export function secondsAfter(steps: readonly Step[], index: number): number {
  const end = steps.findIndex((step, n) => n > index && isExpunge(step));
  const between = steps.slice(index + 1, end < 0 ? undefined : end);
  return between.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
}

/** What a mail sent at this step promises: time from its acceptance until the removal. 0: nobody is removed. */
export const promisedSeconds = (steps: readonly Step[], index: number): number =>
  steps.slice(index + 1).some(isExpunge) ? secondsAfter(steps, index) : 0;
