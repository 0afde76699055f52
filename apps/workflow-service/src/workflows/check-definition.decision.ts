import { actionOf } from '../actions/actions.process.js';
import type { Fault, Limits, Step } from '../actions/action.process.js';

export interface Judged {
  readonly steps: readonly Step[];
  readonly endsAt?: Date;
  readonly startsAt?: Date;
}

/** One thing that forbids to activate a version. `step` counts from 1; absent where the whole is meant. */
export interface DefinitionProblem extends Fault {
  readonly step?: number;
}

/** All that forbids to activate a version, at once. Nothing here is ever forgiven: what was activated cannot be changed. */
export function problemsOf({ steps, startsAt, endsAt }: Judged, limits: Limits, now: Date): DefinitionProblem[] {
  const ofSteps = steps.flatMap(({ action }, index) => {
    const faults = actionOf(action)?.faults({ steps, index, limits }) ?? [UNKNOWN_ACTION];
    return faults.map((fault) => ({ step: index + 1, ...fault }));
  });
  return [
    ...(steps.length === 0 ? [NO_STEPS] : []),
    ...(startsAt && endsAt && endsAt <= startsAt ? [ENDS_FIRST] : []),
    ...(endsAt && endsAt <= now ? [HAS_ENDED] : []),
    ...ofSteps,
  ];
}

const UNKNOWN_ACTION: Fault = { code: 'unknown-action', message: 'There is no such action.' };
const NO_STEPS: Fault = { code: 'no-steps', message: 'There are no steps.' };
const ENDS_FIRST: Fault = { code: 'ends-before-start', message: 'It would end before it starts.' };
const HAS_ENDED: Fault = { code: 'has-ended', message: 'Its end has passed: nobody would be enrolled.' };
