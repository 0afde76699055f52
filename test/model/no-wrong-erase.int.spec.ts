/**
 * Rule 2, "no silent wrong erase", against random histories: the real contact-service and workflow-service on PostgreSQL, a
 * bus that delays, repeats and reorders, and the rule in miniature beside them (silence-rule.ts). At every step a removal
 * must be one that the rule allows at that moment; in the end everybody whom it does not protect must be gone, and nobody
 * else may have changed. A failure prints the shortest history that was found for it.
 *
 * MODEL_RUNS: how many histories, of 40 contacts or more each; MODEL_SEED: which ones.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { histories, told } from './history.js';
import { live, SEED, startServices, stopServices } from './live.js';
import type { Services } from './known.js';

const RUNS = Number(process.env.MODEL_RUNS ?? 50);
const LONGEST_SHRINK_MS = 3 * 60_000;
const DAY_MS = 24 * 3_600_000;

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => stopServices(services));

test(
  `When ${RUNS} random histories happen (seed ${SEED}), then those go whom rule 2 does not protect, and nobody else`,
  async () => {
    let contacts = 0;
    const verdicts: Record<string, number> = {};
    await everyHistory(async (history) => {
      const world = await live(services, history);
      contacts += world.people.length;
      for (const [verdict, count] of Object.entries(world.verdicts)) {
        verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
      }
    });
    expect(verdicts.removed).toBeGreaterThan(0);
    process.stdout.write(
      `${contacts} contacts went through ${RUNS} random histories (MODEL_SEED=${SEED}). When a grace period was said to be ` +
        `over: ${JSON.stringify(verdicts)}\n`,
    );
  },
  DAY_MS,
);

/** Throws what goes wrong, with the shortest history that can be found in some minutes. */
async function everyHistory(plays: (history: Parameters<typeof told>[0]) => Promise<void>): Promise<void> {
  let deadline = Infinity;
  const property = fc.asyncProperty(histories, async (history) => {
    if (performance.now() > deadline) return;
    try {
      await plays(history);
    } catch (error) {
      deadline = Math.min(deadline, performance.now() + LONGEST_SHRINK_MS);
      throw error;
    }
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed: SEED, numRuns: RUNS });
  // Not compared but thrown: a history is read line by line.
  if (failed) throw new Error(`${String(errorInstance)}\n(MODEL_SEED=${SEED})\n  ${told(counterexample![0])}`);
}
