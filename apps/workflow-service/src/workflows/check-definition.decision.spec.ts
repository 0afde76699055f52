import 'reflect-metadata';
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { promisedSeconds, type Step } from '../actions/action.process.js';
import { ACTION_NAMES } from '../actions/actions.process.js';
import { problemsOf } from './check-definition.decision.js';
import { TEMPLATES } from './templates.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const LIMITS = { shortestGraceSeconds: HOUR, longestGraceSeconds: 3_660 * DAY };
const NOW = new Date('2026-11-02T09:30:00.000Z');
const optIn: Step = { action: 'send-opt-in' };
const reminder: Step = { action: 'send-reminder' };
const expunge: Step = { action: 'expunge' };
const wait = (seconds = DAY): Step => ({ action: 'wait', seconds });
const found = (...steps: Step[]) => problemsOf({ steps }, LIMITS, NOW).map(({ step, code }) => [step, code]);

describe('A definition', () => {
  test.each(Object.values(TEMPLATES))('When it is the template $id, then nothing is wrong', ({ steps }) => {
    expect(found(...steps)).toEqual([]);
  });

  it('When it only asks, then nothing is wrong', () => {
    expect(found(optIn)).toEqual([]);
    expect(found(optIn, wait(), reminder)).toEqual([]);
  });

  const wrong: [string, Step[], [number | undefined, string][]][] = [
    ['there are no steps', [], [[undefined, 'no-steps']]],
    ['something comes after the removal', [optIn, wait(), expunge, wait()], [[3, 'expunge-not-last']]],
    ['nobody is asked before the removal', [wait(), expunge], [[2, 'expunge-without-opt-in']]],
    [
      'the question comes after the removal',
      [expunge, optIn, wait()],
      [
        [1, 'expunge-not-last'],
        [1, 'expunge-without-opt-in'],
      ],
    ],
    [
      'there is no time to answer',
      [optIn, expunge],
      [
        [1, 'grace-too-short'],
        [2, 'expunge-without-wait'],
      ],
    ],
    [
      'the wait is before the question only',
      [wait(), optIn, expunge],
      [
        [2, 'grace-too-short'],
        [3, 'expunge-without-wait'],
      ],
    ],
    ['a reminder comes first', [reminder, optIn, wait(), expunge], [[1, 'reminder-before-opt-in']]],
    [
      'a reminder comes last',
      [optIn, wait(), expunge, reminder],
      [
        [3, 'expunge-not-last'],
        [4, 'reminder-after-expunge'],
        [4, 'reminder-without-wait'],
      ],
    ],
    ['a reminder comes at once', [optIn, reminder, wait(), expunge], [[2, 'reminder-without-wait']]],
    ['a reminder leaves no time', [optIn, wait(), reminder, expunge], [[3, 'grace-too-short']]],
    [
      'the link ends before the wait',
      [{ ...optIn, linkValidSeconds: DAY - 1 }, wait(), expunge],
      [[1, 'link-too-short']],
    ],
    [
      'the link of the reminder does',
      [optIn, wait(), { ...reminder, linkValidSeconds: 1 }, wait(), expunge],
      [[3, 'link-too-short']],
    ],
    ['the grace is too short', [optIn, wait(HOUR - 1), expunge], [[1, 'grace-too-short']]],
    ['the grace is too long', [optIn, wait(3_660 * DAY), wait(1), expunge], [[1, 'grace-too-long']]],
    ['people are asked twice', [optIn, wait(), optIn, wait(), expunge], [[3, 'second-opt-in']]],
    ['an action is unknown', [{ action: 'call' }], [[1, 'unknown-action']]],
  ];

  test.each(wrong)('When %s, then it is said', (_, steps, problems) => {
    expect(found(...steps)).toEqual(problems);
  });

  it('When several things are wrong, then all are said at once, each in words', () => {
    const all = problemsOf(
      { steps: [reminder, { ...optIn, linkValidSeconds: 5 }, wait(10), expunge, wait()] },
      LIMITS,
      NOW,
    );
    expect(all.map(({ code }) => code)).toEqual([
      'reminder-before-opt-in',
      'grace-too-short',
      'link-too-short',
      'grace-too-short',
      'expunge-not-last',
    ]);
    for (const { message } of all) expect(message).toMatch(/^[A-Z].*\.$/);
  });

  it('When its end has passed, or comes before its start, then it is said', () => {
    const steps = [optIn];
    const startsAt = new Date('2026-12-01T00:00:00Z');
    expect(problemsOf({ steps, startsAt, endsAt: startsAt }, LIMITS, NOW)).toMatchObject([
      { code: 'ends-before-start' },
    ]);
    expect(problemsOf({ steps, endsAt: NOW }, LIMITS, NOW)).toMatchObject([{ code: 'has-ended' }]);
    expect(problemsOf({ steps, startsAt }, LIMITS, NOW)).toEqual([]);
  });

  it('When any steps pass, then whoever is removed was asked before, with the time the mail promised', () => {
    const aStep = fc.record({
      action: fc.constantFrom(...ACTION_NAMES),
      seconds: fc.integer({ min: 1, max: 4 * HOUR }),
    });
    let passed = 0;
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 7 }), (steps) => {
        const at = steps.findIndex(({ action }) => action === 'expunge');
        if (at < 0 || found(...steps).length > 0) return;
        passed += 1;
        const asks = steps.findIndex(({ action }) => action === 'send-opt-in');
        expect(at).toBe(steps.length - 1);
        expect(asks).toBeGreaterThanOrEqual(0);
        expect(promisedSeconds(steps, asks)).toBeGreaterThanOrEqual(HOUR);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(passed).toBeGreaterThan(20);
  });
});
