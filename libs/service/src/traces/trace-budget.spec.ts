import { expect, test } from '@jest/globals';
import { TraceBudget } from './trace-budget.js';

const taken = (budget: TraceBudget, times: number, nowMs: number): number =>
  Array.from({ length: times }, () => budget.take(nowMs)).filter(Boolean).length;

test('When more begin in a second than there may be, then the rest is not recorded', () => {
  const budget = new TraceBudget(10);
  expect(taken(budget, 100, 5_000)).toBe(10);
  expect(taken(budget, 100, 5_500)).toBe(5);
});

test('When little has happened for long, then no more than a second is made up for', () => {
  const budget = new TraceBudget(10);
  expect(taken(budget, 100, 1_000_000)).toBe(10);
});

test('When only some begin, then all are recorded', () => {
  const budget = new TraceBudget(10);
  const perSecond = Array.from({ length: 50 }, (_, second) => taken(budget, 10, second * 1_000));
  expect(new Set(perSecond)).toEqual(new Set([10]));
});
