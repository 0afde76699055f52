import type { Action, Fault, Step } from './action.process.js';
import { askByMail, promiseFaults } from './ask-by-mail.process.js';

/** Asks again who has not answered; who has declined is left alone and goes on to the next step. */
export const sendReminder: Action = {
  parameters: { linkValidSeconds: false },
  mails: true,

  begin(start) {
    return start.state.declined && !start.again ? { kind: 'next' } : askByMail('opt-in-reminder', start);
  },

  faults(placed) {
    const before = placed.steps.slice(0, placed.index);
    const afterExpunge = before.some(({ action }) => action === 'expunge');
    return [...(afterExpunge ? [AFTER_EXPUNGE] : []), ...placeFaults(before), ...promiseFaults(placed)];
  },
};

function placeFaults(before: readonly Step[]): Fault[] {
  if (!before.some(({ action }) => action === 'send-opt-in')) return [BEFORE_OPT_IN];
  return before.at(-1)?.action === 'wait' ? [] : [NO_WAIT];
}

const AFTER_EXPUNGE: Fault = {
  code: 'reminder-after-expunge',
  message: 'A reminder after the removal reaches nobody.',
};
const BEFORE_OPT_IN: Fault = {
  code: 'reminder-before-opt-in',
  message: 'A reminder needs an opt-in email before it that it reminds of.',
};
const NO_WAIT: Fault = {
  code: 'reminder-without-wait',
  message: 'A reminder needs a wait before it, in which the contact could have answered.',
};
