import { describe, expect, test } from '@jest/globals';
import { decideExpunge, lookAgainAt, mayResume, obstaclesOf } from './expunge.decision.js';

const [NONE, HELD] = [[], [null]];
const SOON = new Date('2030-01-01T00:00:00Z');
const LATER = new Date('2031-01-01T00:00:00Z');

/** Every combination: policy, state, waiting, hold, kill switch. */
const DECISIONS = [
  ['off', 'active', false, NONE, false, 'disable'],
  ['off', 'active', false, NONE, true, 'disable'],
  ['off', 'active', false, HELD, false, 'disable'],
  ['off', 'active', false, HELD, true, 'disable'],
  ['off', 'active', true, NONE, false, 'already-waiting'],
  ['off', 'active', true, NONE, true, 'already-waiting'],
  ['off', 'active', true, HELD, false, 'already-waiting'],
  ['off', 'active', true, HELD, true, 'already-waiting'],
  ['off', 'disabled', false, NONE, false, 'already-disabled'],
  ['off', 'disabled', false, NONE, true, 'already-disabled'],
  ['off', 'disabled', false, HELD, false, 'already-disabled'],
  ['off', 'disabled', false, HELD, true, 'already-disabled'],
  ['off', 'disabled', true, NONE, false, 'already-waiting'],
  ['off', 'disabled', true, NONE, true, 'already-waiting'],
  ['off', 'disabled', true, HELD, false, 'already-waiting'],
  ['off', 'disabled', true, HELD, true, 'already-waiting'],
  ['permanent', 'active', false, NONE, false, 'expunge'],
  ['permanent', 'active', false, NONE, true, 'wait'],
  ['permanent', 'active', false, HELD, false, 'wait'],
  ['permanent', 'active', false, HELD, true, 'wait'],
  ['permanent', 'active', true, NONE, false, 'already-waiting'],
  ['permanent', 'active', true, NONE, true, 'already-waiting'],
  ['permanent', 'active', true, HELD, false, 'already-waiting'],
  ['permanent', 'active', true, HELD, true, 'already-waiting'],
  ['permanent', 'disabled', false, NONE, false, 'expunge'],
  ['permanent', 'disabled', false, NONE, true, 'wait'],
  ['permanent', 'disabled', false, HELD, false, 'wait'],
  ['permanent', 'disabled', false, HELD, true, 'wait'],
  ['permanent', 'disabled', true, NONE, false, 'already-waiting'],
  ['permanent', 'disabled', true, NONE, true, 'already-waiting'],
  ['permanent', 'disabled', true, HELD, false, 'already-waiting'],
  ['permanent', 'disabled', true, HELD, true, 'already-waiting'],
] as const;

test.each(DECISIONS)(
  'When the policy is %s, the contact %s, waiting %s, holds %j and the kill switch %s, then the decision is %s',
  (policy, state, waiting, holdEnds, killSwitch, decision) => {
    expect(decideExpunge({ policy, state, waiting, holdEnds, killSwitch })).toBe(decision);
  },
);

test.each(
  (['off', 'permanent'] as const).flatMap((policy) =>
    [true, false].flatMap((waiting) =>
      [NONE, HELD].flatMap((holdEnds) =>
        [true, false].map((killSwitch) => ({ policy, waiting, holdEnds, killSwitch })),
      ),
    ),
  ),
)('When the contact is expunging, then it stays so: %j', (situation) => {
  expect(decideExpunge({ ...situation, state: 'expunging' })).toBe('already-expunging');
});

describe('what stands in the way', () => {
  test.each([
    [{ killSwitch: false, holdEnds: [] }, [], null],
    [{ killSwitch: true, holdEnds: [] }, ['kill-switch'], null],
    [{ killSwitch: false, holdEnds: [null] }, ['hold'], null],
    [{ killSwitch: false, holdEnds: [SOON] }, ['hold'], SOON],
    [{ killSwitch: false, holdEnds: [SOON, LATER] }, ['hold'], LATER],
    [{ killSwitch: false, holdEnds: [LATER, SOON] }, ['hold'], LATER],
    [{ killSwitch: false, holdEnds: [SOON, null] }, ['hold'], null],
    [{ killSwitch: true, holdEnds: [SOON] }, ['hold', 'kill-switch'], null],
  ])('When it is %j, then it waits for %j and is looked at again %s', (obstacles, waitingFor, at) => {
    expect(obstaclesOf(obstacles)).toEqual(waitingFor);
    expect(lookAgainAt(obstacles)).toEqual(at);
    expect(mayResume(obstacles)).toBe(waitingFor.length === 0);
  });
});
