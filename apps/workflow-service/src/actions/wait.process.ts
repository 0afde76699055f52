import type { Action } from './action.process.js';

/** Lets time pass: after a mail from its acceptance on, otherwise from the moment the step begins. */
export const wait: Action = {
  parameters: { seconds: true },
  begin: ({ steps, index }) => ({ kind: 'wait', seconds: steps[index]?.seconds ?? 0 }),
  faults: () => [],
};
