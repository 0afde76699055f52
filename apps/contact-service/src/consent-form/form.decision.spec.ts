import { expect, test } from '@jest/globals';
import type { ExpungeDecision } from '../expunge/expunge.decision.js';
import { decideConsent, type FormState, stateOf } from './form.decision.js';

const link = { addressChanged: false, expired: false, contactDisabled: false };
const EVERY: ExpungeDecision[] = [
  'expunge',
  'wait',
  'disable',
  'already-expunging',
  'already-waiting',
  'already-disabled',
];
const STATES: FormState[] = ['void', 'expunging', 'waiting', 'expired', 'disabled', 'open'];

test('When the address has changed, then nothing else is shown, whatever there is', () => {
  for (const decision of EVERY) {
    expect(stateOf({ addressChanged: true, expired: true, contactDisabled: true }, decision)).toBe('void');
  }
});

test('When a removal was accepted, then it is shown, also by an expired link', () => {
  for (const expired of [false, true]) {
    expect(stateOf({ ...link, expired }, 'already-expunging')).toBe('expunging');
    expect(stateOf({ ...link, expired, contactDisabled: true }, 'already-waiting')).toBe('waiting');
  }
});

test('When nothing is under way, then the link is open until it expires', () => {
  for (const decision of ['expunge', 'wait', 'disable'] as const) {
    expect(stateOf(link, decision)).toBe('open');
    expect(stateOf({ ...link, expired: true }, decision)).toBe('expired');
    expect(stateOf({ ...link, contactDisabled: true }, decision)).toBe('disabled');
  }
});

test('When it is open, then each answer but the present one is recorded', () => {
  for (const how of ['form', 'one-click'] as const) {
    for (const decision of ['opted-in', 'declined'] as const) {
      for (const present of ['none', 'opted-in', 'declined']) {
        const decided = decideConsent('open', present, { decision, how });
        expect(decided).toBe(present === decision ? 'show' : 'record');
      }
    }
  }
});

test('When it is not open, then nothing is recorded but a mail program\u2019s decline after the link has expired', () => {
  for (const state of STATES.filter((one) => one !== 'open')) {
    for (const how of ['form', 'one-click'] as const) {
      const decided = decideConsent(state, 'none', { decision: 'declined', how });
      expect([state, how, decided === 'record']).toEqual([state, how, state === 'expired' && how === 'one-click']);
    }
  }
  expect(decideConsent('expired', 'declined', { decision: 'declined', how: 'one-click' })).toBe('show');
});
