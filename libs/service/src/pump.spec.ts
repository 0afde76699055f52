import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type PumpResult, Pumps } from './pump.js';

let pumps: Pumps;

beforeEach(() => {
  Logger.overrideLogger(false);
  pumps = new Pumps(new SchedulerRegistry());
});
afterEach(() => pumps.stop());

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(2);
};

test('When a pump says more, then it runs again at once, and rests when idle', async () => {
  const results: PumpResult[] = ['more', 'more', 'idle'];
  let runs = 0;
  pumps.register({ name: 'p', everyMs: 60_000, run: () => Promise.resolve(results[runs++] ?? 'idle') });
  await sleep(10);
  expect(runs).toBe(0);
  pumps.start();
  await until(() => runs === 3);
  await sleep(20);
  expect(runs).toBe(3);
});

test('When it ticks during a run, then runs never overlap', async () => {
  let running = 0;
  let runs = 0;
  let most = 0;
  const run = async (): Promise<PumpResult> => {
    most = Math.max(most, ++running);
    await sleep(15);
    running -= 1;
    runs += 1;
    return 'idle';
  };
  pumps.register({ name: 'p', everyMs: 1, run });
  pumps.start();
  await until(() => runs >= 5);
  expect(most).toBe(1);
});

test('When it is woken during a run, then it looks again afterwards', async () => {
  let runs = 0;
  let finish: () => void = () => undefined;
  const run = async (): Promise<PumpResult> => {
    runs += 1;
    await new Promise<void>((resolve) => (finish = resolve));
    return 'idle';
  };
  pumps.register({ name: 'p', everyMs: 60_000, run });
  pumps.start();
  pumps.wake('p');
  finish();
  await until(() => runs === 2);
  finish();
});

test('When the surroundings fail, then it says so, pauses longer each time, and recovers', async () => {
  let broken = true;
  const times: number[] = [];
  const run = (): Promise<PumpResult> => {
    times.push(performance.now());
    if (broken) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    return Promise.resolve('idle');
  };
  pumps.register({ name: 'p', everyMs: 5, run });
  pumps.start();
  await until(() => times.length === 4);
  expect(pumps.problems()).toEqual(['p: waiting for its surroundings']);
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  expect(pauses[1]).toBeGreaterThanOrEqual(20);
  expect(pauses[2]).toBeGreaterThanOrEqual(40);
  pumps.wake('p');
  expect(times).toHaveLength(4);
  broken = false;
  await until(() => times.length > 4);
  await until(() => pumps.problems().length === 0);
});

test('When a pump has a bug, then the others go on and readiness is not blamed', async () => {
  let runs = 0;
  pumps.register({ name: 'bug', everyMs: 1, run: () => Promise.reject(new TypeError('x')) });
  pumps.register({ name: 'p', everyMs: 1, run: () => Promise.resolve(runs++ ? 'idle' : 'more') });
  pumps.start();
  await until(() => runs > 5);
  expect(pumps.problems()).toEqual([]);
});

test('When it is stopped, then the run under way ends first and none follows', async () => {
  let ended = 0;
  const run = async (): Promise<PumpResult> => {
    await sleep(20);
    ended += 1;
    return 'more';
  };
  pumps.register({ name: 'p', everyMs: 1, run });
  pumps.start();
  await sleep(5);
  await pumps.stop();
  expect(ended).toBe(1);
  pumps.wake('p');
  await sleep(30);
  expect(ended).toBe(1);
});
