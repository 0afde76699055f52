import { expect, test } from '@jest/globals';
import { decideExpunge } from './expunge.decision.js';

test.each([
  ['off', 'active', 'disable'],
  ['off', 'disabled', 'already-disabled'],
  ['off', 'expunging', 'already-expunging'],
  ['permanent', 'active', 'expunge'],
  ['permanent', 'disabled', 'expunge'],
  ['permanent', 'expunging', 'already-expunging'],
] as const)('When the policy is %s and the contact is %s, then the decision is %s', (policy, state, decision) => {
  expect(decideExpunge(policy, state)).toBe(decision);
});
