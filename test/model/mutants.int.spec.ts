/**
 * The test of the test: with any condition of rule 2 left out, or the locks before judging, random histories must end in a
 * wrong erase, and the model must notice. The services are those of no-wrong-erase.int.spec.ts; only here two of their files
 * are exchanged, one at a time, for copies that miss something (mutants.ts). Prints what was noticed, and how soon.
 *
 * To find a history for each changed rule they are all asked beside the sound one, which decides; then that history is played
 * with the changed one in its place.
 */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type * as Rule from '../../apps/contact-service/src/consent/silent-expunge.decision.js';
import type * as Locks from '../../apps/contact-service/src/expunge/judge.js';
import { histories, type History } from './history.js';
import { DAILY_CAP, LOCK_MUTANTS, load, type Mutant, RULE_MUTANTS } from './mutants.js';
import type { Services } from './known.js';

const MOST_HISTORIES = 200;

const sound = { rule: await load<typeof Rule>('rule'), locks: await load<typeof Locks>('locks') };
/** What the services use at present. */
const present = {} as { rule: typeof Rule; locks: typeof Locks };
jest.unstable_mockModule('../../apps/contact-service/src/consent/silent-expunge.decision.js', () => ({
  ...sound.rule,
  decideSilentExpunge: (silence: Rule.Silence) => present.rule.decideSilentExpunge(silence),
}));
jest.unstable_mockModule('../../apps/contact-service/src/expunge/judge.js', () => ({
  judge: (...given: Parameters<typeof Locks.judge>) => present.locks.judge(...given),
  judgeMany: (...given: Parameters<typeof Locks.judgeMany>) => present.locks.judgeMany(...given),
}));
const { live, SEED, startServices, stopServices } = await import('./live.js');
const sample: readonly History[] = fc.sample(histories, { seed: SEED, numRuns: MOST_HISTORIES });

let services: Services;
const noticed: string[][] = [];
beforeAll(async () => {
  Object.assign(present, sound);
  services = await startServices();
});
afterEach(() => void Object.assign(present, sound));
afterAll(async () => {
  await stopServices(services);
  const line = ([name = '', after = '', how = '']: string[]) => `  ${name.padEnd(46)} ${after.padEnd(15)} ${how}\n`;
  process.stdout.write([['left out', 'noticed after', 'how'], ...noticed].map(line).join(''));
});

/** By each mutant the first history in which it would have decided for a removal that the sound rule forbids. */
const telling = new Map<Mutant, number>();

test('When nothing is left out, then nothing goes wrong, in histories that would tell each change of the rule', async () => {
  const changed = await Promise.all(RULE_MUTANTS.map(({ edits }) => load<typeof Rule>('rule', edits)));
  for (let n = 0; n < MOST_HISTORIES && telling.size < RULE_MUTANTS.length; n += 1) {
    present.rule = {
      ...sound.rule,
      decideSilentExpunge: (silence) => {
        const decision = sound.rule.decideSilentExpunge(silence);
        RULE_MUTANTS.forEach((mutant, m) => {
          const goes = decision !== 'expunge' && changed[m]!.decideSilentExpunge(silence) === 'expunge';
          if (goes && !telling.has(mutant)) telling.set(mutant, n);
        });
        return decision;
      },
    };
    await live(services, sample[n]!);
  }
  expect(RULE_MUTANTS.filter((mutant) => !telling.has(mutant))).toEqual([]);
}, 600_000);

test.each(RULE_MUTANTS)('When this is left out of the rule, then it is noticed: $leftOut', async (mutant) => {
  present.rule = await load('rule', mutant.edits);
  const n = telling.get(mutant)!;
  note(mutant, n, await wrongIn(sample[n]!));
});

test.each(LOCK_MUTANTS)(
  'When this is left out of the locks, then it is noticed: $leftOut',
  async (mutant) => {
    present.locks = await load('locks', mutant.edits);
    let [n, wrong] = [-1, ''];
    while (wrong === '' && n < MOST_HISTORIES - 1) wrong = await wrongIn(sample[(n += 1)]!);
    note(mutant, n, wrong);
  },
  600_000,
);

test('When the daily cap is left out, then it is noticed by a test of its own: no history is long enough for it', async () => {
  const changed = await load<typeof Rule>('rule', DAILY_CAP.edits);
  const both = [sound.rule, changed].map(({ decideSilentExpunge }) => decideSilentExpunge(ON_A_FULL_DAY));
  expect(both).toEqual(['daily-cap', 'expunge']);
  noticed.push([DAILY_CAP.leftOut, 'its own test', 'removed although the day is full']);
});

/** Nothing protects this contact. */
const ON_A_FULL_DAY: Rule.Silence = {
  state: 'active',
  consented: false,
  held: false,
  killSwitch: false,
  policy: 'permanent',
  asks: [
    {
      emailId: 'mail',
      contactId: 'contact',
      enrolmentId: 'enrolment',
      template: 'opt-in',
      graceSeconds: 1,
      linkValidSeconds: 1,
      acceptedAt: new Date('2030-01-01'),
      rejected: false,
      bounceKind: null,
      stopped: false,
      addressChanged: false,
      workflowId: 'workflow',
      complained: false,
    },
  ],
  enrolmentId: 'enrolment',
  emailId: 'mail',
  graceSeconds: 1,
  now: new Date('2030-01-02'),
  leftToday: 0,
};

/** What the model has noticed. */
const wrongIn = (history: History): Promise<string> =>
  live(services, history).then(
    () => '',
    (error: unknown) => String(error),
  );

const WRONG_ERASE = /^Wrong: (removed [^:]*)/;

function note({ leftOut }: Mutant, n: number, wrong: string): void {
  expect(wrong).toMatch(WRONG_ERASE);
  noticed.push([leftOut, `history ${n + 1}`, WRONG_ERASE.exec(wrong)![1]!]);
}
