/**
 * The test of the test: with any condition of rule 2 left out, or the locks before judging, random histories must find a
 * wrong erase. The services are those of no-wrong-erase.int.spec.ts; only here two of their files are exchanged, one change
 * at a time, for copies that miss something (mutants.ts). Prints which was noticed, after how many histories, and how.
 */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type * as Locks from '../../apps/contact-service/src/expunge/judge.js';
import type * as Rule from '../../apps/contact-service/src/consent/silent-expunge.decision.js';
import { load, MUTANTS, type Mutant } from './mutants.js';
import type { Services } from './world.js';

const MOST_HISTORIES = 60;
const SOUND_HISTORIES = 3;
const WRONG_ERASE = /^Wrong: (removed [^:]*)/;

/** What the services use at present. */
const present = { rule: await load<typeof Rule>('rule'), locks: undefined as unknown as typeof Locks };
jest.unstable_mockModule('../../apps/contact-service/src/consent/silent-expunge.decision.js', () => ({
  decideSilentExpunge: (...given: Parameters<typeof Rule.decideSilentExpunge>) =>
    present.rule.decideSilentExpunge(...given),
}));
jest.unstable_mockModule('../../apps/contact-service/src/expunge/judge.js', () => ({
  judge: (...given: Parameters<typeof Locks.judge>) => present.locks.judge(...given),
  judgeMany: (...given: Parameters<typeof Locks.judgeMany>) => present.locks.judgeMany(...given),
}));
const sound = { ...present, locks: await load<typeof Locks>('locks') };
const { findWrong, startServices, stopServices } = await import('./find-wrong.js');

const use = async ({ source, edits }: Mutant): Promise<unknown> =>
  Object.assign(present, { [source]: await load(source, edits) });

let services: Services;
const noticed: string[][] = [];
beforeAll(async () => {
  Object.assign(present, sound);
  services = await startServices();
});
afterEach(() => void Object.assign(present, sound));
afterAll(async () => {
  await stopServices(services);
  const table = [['left out', 'noticed after', 'how'], ...noticed];
  const line = ([name = '', after = '', how = '']: string[]) => `  ${name.padEnd(46)} ${after.padEnd(14)} ${how}\n`;
  process.stdout.write(table.map(line).join(''));
});

test('When nothing is left out, then nothing is noticed', async () => {
  const { wrong } = await findWrong(services, { runs: SOUND_HISTORIES, shrink: false });
  expect(wrong).toBeUndefined();
});

test.each(MUTANTS)(
  'When this is left out, then it is noticed: $leftOut',
  async (mutant) => {
    await use(mutant);
    const { wrong, histories } = await findWrong(services, { runs: MOST_HISTORIES, shrink: false });
    expect(wrong).toMatch(WRONG_ERASE);
    noticed.push([mutant.leftOut, `${histories} histories`, WRONG_ERASE.exec(wrong!)![1]!]);
  },
  600_000,
);
