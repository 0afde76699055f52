/**
 * Rule 2, "no silent wrong erase", against random histories: the real contact-service and workflow-service on PostgreSQL, a
 * bus that delays, repeats and reorders, and the rule in miniature beside them (silence-rule.ts). At every step a removal
 * must be one that the rule allows at that moment; in the end everybody whom it does not protect must be gone, and nobody
 * else may have changed. A failure prints the shortest history that was found for it.
 *
 * MODEL_RUNS: how many histories (40 contacts each); MODEL_SEED: which ones.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findWrong, SEED, startServices, stopServices } from './find-wrong.js';
import type { Services } from './world.js';

const RUNS = Number(process.env.MODEL_RUNS ?? 60);

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => stopServices(services));

const DAY_MS = 24 * 3_600_000;

test(
  `When ${RUNS} random histories happen (seed ${SEED}), then those go whom rule 2 does not protect, and nobody else`,
  async () => {
    const { wrong, contacts, verdicts } = await findWrong(services, {
      runs: RUNS,
      shrink: process.env.NOSHRINK === undefined,
    });
    // Not compared but thrown: a history is read line by line.
    if (wrong !== undefined) throw new Error(wrong);
    expect(contacts).toBeGreaterThan(0);
    process.stdout.write(
      `${contacts} contacts went through ${RUNS} random histories (MODEL_SEED=${SEED}); at the end of a grace period: ` +
        `${JSON.stringify(verdicts)}\n`,
    );
  },
  DAY_MS,
);
