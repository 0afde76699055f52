import type { Action, Fault } from './action.process.js';
import { askByMail, promiseFaults } from './ask-by-mail.process.js';

/** Asks the contact by email to opt in. The acceptance of this mail starts the grace period. */
export const sendOptIn: Action = {
  parameters: { linkValidSeconds: false },
  mails: true,

  begin(start) {
    // Nobody was asked and nobody may be asked any more, so nobody can be removed for silence: a person decides.
    if (start.state.declined && !start.again) return { kind: 'over', state: 'undeliverable', reason: 'declined' };
    const asked = askByMail('opt-in', start);
    return { ...asked, change: { optInMail: start.emailId(), acceptedAt: undefined } };
  },

  faults(placed) {
    const { steps, index } = placed;
    const second = steps.slice(0, index).some(({ action }) => action === 'send-opt-in');
    return [...(second ? [SECOND] : []), ...promiseFaults(placed)];
  },
};

const SECOND: Fault = {
  code: 'second-opt-in',
  message: 'There is an opt-in email already: whoever has not answered it gets a reminder.',
};
