import { describe, expect, it } from '@jest/globals';
import { allowedToday, isTooMany, shareOut, type TodaysBudget } from './ramp.decision.js';

const ramp = { firstDay: 1_000, maxPerDay: 50_000 };

describe('the ramp', () => {
  it('When days with mails go by, then each allows twice as many, up to the most', () => {
    expect([0, 1, 2, 5, 6, 30, 400].map((days) => allowedToday(ramp, days))).toEqual([
      1_000, 2_000, 4_000, 32_000, 50_000, 50_000, 50_000,
    ]);
    expect(allowedToday({ firstDay: 70, maxPerDay: 50 }, 0)).toBe(50);
  });
});

describe('complaints', () => {
  it.each([
    [1, 99, false],
    [1, 100, true],
    [1, 333, true],
    [1, 334, false],
    [3, 1_000, false],
    [4, 1_000, true],
    [0, 100, false],
  ])('When %i of %i complained, then that it is too many is %s', (complaints, sent, tooMany) => {
    expect(isTooMany(complaints, sent)).toBe(tooMany);
  });
});

describe('sharing out', () => {
  const budget = (tenantId: string, given: Partial<TodaysBudget>): [string, TodaysBudget] => [
    tenantId,
    { tenantId, allowed: 2, sent: 0, paused: false, ...given },
  ];
  const due = (emailId: string, tenantId: string, counted = false) => ({ emailId, tenantId, counted });

  it('When there are more than allowed, then the first of each client go, and counted ones always', () => {
    const budgets = new Map([budget('a', { sent: 1 }), budget('b', {}), budget('c', { paused: true })]);
    const mails = [
      due('1', 'a'),
      due('2', 'a'),
      due('3', 'b'),
      due('4', 'a', true),
      due('5', 'c', true),
      due('6', 'b'),
      due('7', 'c'),
    ];
    expect(shareOut(mails, budgets)).toEqual({
      taken: ['1', '3', '4', '6'],
      more: new Map([
        ['a', 1],
        ['b', 2],
      ]),
      over: new Map([
        ['a', 'over-budget'],
        ['c', 'sending-paused'],
      ]),
    });
  });
});
