import { ExpungeContact, message } from '#contracts';
import { type Action, type Fault, type PlacedStep, promisedSeconds } from './action.process.js';

/** Asks contact-service to remove the contact for its silence. Whether it may go is judged there, from what it knows. */
export const expunge: Action = {
  parameters: {},

  begin({ state, steps }) {
    const { tenantId, contactId, enrolmentId, optInMail: emailId } = state;
    if (emailId === undefined) return { kind: 'over', state: 'undeliverable', reason: 'not-asked' };
    const graceSeconds = promisedSeconds(steps, optInStep(steps));
    const request = message(ExpungeContact, { tenantId, contactId, enrolmentId, emailId, graceSeconds });
    return { kind: 'asked', messages: [request], change: { state: 'expunging' } };
  },

  faults({ steps, index }: PlacedStep) {
    const optIn = optInStep(steps);
    const asked = optIn >= 0 && optIn < index;
    const waited = asked && steps.slice(optIn, index).some(({ action }) => action === 'wait');
    return [
      ...(index < steps.length - 1 ? [NOT_LAST] : []),
      ...(asked ? [] : [NOBODY_ASKED]),
      ...(asked && !waited ? [NO_WAIT] : []),
    ];
  },
};

const optInStep = (steps: PlacedStep['steps']): number => steps.findIndex(({ action }) => action === 'send-opt-in');

const NOT_LAST: Fault = { code: 'expunge-not-last', message: 'Nothing can come after the removal of the contact.' };
const NOBODY_ASKED: Fault = {
  code: 'expunge-without-opt-in',
  message: 'A contact can only be removed after an opt-in email asked it: add one before.',
};
const NO_WAIT: Fault = {
  code: 'expunge-without-wait',
  message: 'A contact can only be removed after time to answer: add a wait between the opt-in email and the removal.',
};
