import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeclineReason } from '#contracts';
import { decideSilentExpunge, endOfSilence, type OptInAsk, type Silence } from './silent-expunge.decision.js';

const NOW = new Date('2030-06-01T00:00:00.000Z');
const GRACE = 30 * 86_400;
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1_000);

const anAsk = (given: Partial<OptInAsk> = {}): OptInAsk => ({
  emailId: 'mail',
  contactId: 'contact',
  enrolmentId: 'enrolment',
  template: 'opt-in',
  graceSeconds: GRACE,
  linkValidSeconds: GRACE,
  acceptedAt: ago(GRACE),
  rejected: false,
  bounceKind: null,
  stopped: false,
  addressChanged: false,
  workflowId: 'workflow',
  complained: false,
  ...given,
});

const silent = (given: Partial<Silence> = {}): Silence => ({
  state: 'active',
  consented: false,
  held: false,
  killSwitch: false,
  policy: 'permanent',
  asks: [anAsk()],
  enrolmentId: 'enrolment',
  emailId: 'mail',
  graceSeconds: GRACE,
  now: NOW,
  leftToday: 1,
  ...given,
});

const withAsk = (ask: Partial<OptInAsk>): Partial<Silence> => ({ asks: [anAsk(ask)] });
const withOther = (ask: Partial<OptInAsk>): Partial<Silence> => ({
  asks: [anAsk({ emailId: 'other', ...ask }), anAsk()],
});

test('When all that rule 2 asks for is there, then the contact is removed', () => {
  expect(decideSilentExpunge(silent())).toBe('expunge');
});

const LATER: Partial<OptInAsk> = { template: 'opt-in-reminder', acceptedAt: ago(1) };

describe('each condition by itself', () => {
  const cases: [DeclineReason, string, Partial<Silence>][] = [
    ['gone', 'the contact is unknown or erased', { state: undefined }],
    ['gone', 'the contact is disabled', { state: 'disabled' }],
    ['gone', 'the contact is being removed already', { state: 'expunging' }],
    ['opted-in', 'the person opted in or has an account', { consented: true }],
    ['stopped', 'the enrolment was stopped', withAsk({ stopped: true })],
    ['stopped', 'another mail of the enrolment was stopped', withOther({ stopped: true })],
    ['held', 'a hold is in force', { held: true }],
    ['kill-switch', 'the kill switch is on', { killSwitch: true }],
    ['policy-off', 'the policy is off', { policy: 'off' }],
    ['not-asked', 'no mail asked', { asks: [] }],
    ['not-asked', 'only another mail asked', withAsk({ emailId: 'other' })],
    ['not-asked', 'the mail was not accepted', withAsk({ acceptedAt: null })],
    ['not-asked', 'the mail went to another address', withAsk({ addressChanged: true })],
    ['not-asked', 'the mail promised that nobody is removed', withAsk({ graceSeconds: 0 })],
    ['not-asked', 'the mail was a reminder', withAsk({ template: 'opt-in-reminder' })],
    ['not-asked', 'a reminder promised after it that nobody is removed', withOther({ ...LATER, graceSeconds: 0 })],
    [
      'not-asked',
      "another workflow's mail promised after it that nobody is removed",
      withOther({ ...LATER, enrolmentId: 'foreign', template: 'opt-in', graceSeconds: 0 }),
    ],
    ['not-asked', 'the link ended before the grace period', withAsk({ linkValidSeconds: GRACE - 1 })],
    ['not-asked', 'the link ended before the grace period of the command', { graceSeconds: GRACE + 1 }],
    ['bounced', 'the mail came back for now', withAsk({ bounceKind: 'soft' })],
    ['bounced', 'the mail came back for good', withAsk({ bounceKind: 'hard' })],
    ['bounced', 'another mail came back for good', withOther({ bounceKind: 'hard' })],
    ['bounced', 'another mail was refused for good', withOther({ acceptedAt: null, rejected: true })],
    ['too-early', 'the grace period of the mail is not over', withAsk({ acceptedAt: ago(GRACE - 1) })],
    [
      'too-early',
      'the mail promised more than the command',
      {
        ...withAsk({ graceSeconds: GRACE + 1, linkValidSeconds: GRACE + 1 }),
      },
    ],
    [
      'too-early',
      'the command asks for more than the mail',
      {
        ...withAsk({ linkValidSeconds: GRACE + 1 }),
        graceSeconds: GRACE + 1,
      },
    ],
    ['too-early', 'a reminder promised more time', withOther({ acceptedAt: ago(GRACE - 1) })],
    ['not-asked', 'the mail was of another enrolment', withAsk({ enrolmentId: 'foreign' })],
    [
      'bounced',
      "another workflow's mail came back for good",
      withOther({ enrolmentId: 'foreign', bounceKind: 'hard' }),
    ],
    [
      'too-early',
      "another workflow's mail promised more time",
      withOther({ enrolmentId: 'foreign', graceSeconds: GRACE + 1 }),
    ],
    ['daily-cap', 'as many as may be were removed today', { leftToday: 0 }],
  ];
  test.each(cases)('%s: when %s', (reason, _, given) => {
    expect(decideSilentExpunge(silent(given))).toBe(reason);
  });

  test('When another mail came back for now, then the one that arrived counts', () => {
    expect(decideSilentExpunge(silent(withOther({ bounceKind: 'soft' })))).toBe('expunge');
  });

  test.each<[string, Partial<OptInAsk>]>([
    ['before it', { acceptedAt: ago(GRACE + 1), graceSeconds: 0 }],
    ['and came back', { ...LATER, graceSeconds: 0, bounceKind: 'soft' }],
    ['and was not accepted', { ...LATER, graceSeconds: 0, acceptedAt: null }],
  ])('When another mail promised %s that nobody is removed, then that does not protect', (_, other) => {
    expect(decideSilentExpunge(silent(withOther(other)))).toBe('expunge');
  });

  test("When another workflow's mail was stopped, then that says nothing of this one", () => {
    expect(decideSilentExpunge(silent(withOther({ enrolmentId: 'foreign', stopped: true })))).toBe('expunge');
  });

  test.each(['enrolment', 'foreign'])(
    'When a mail came back from an address the contact has no more, then that says nothing of the present one (%s)',
    (enrolmentId) => {
      const other = withOther({ enrolmentId, bounceKind: 'hard', addressChanged: true });
      expect(decideSilentExpunge(silent(other))).toBe('expunge');
    },
  );

  test('When the link outlives the grace period, then it makes no difference how long', () => {
    expect(decideSilentExpunge(silent(withAsk({ linkValidSeconds: GRACE * 10 })))).toBe('expunge');
  });
});

/** Each obstacle on its own axis; the reasons in the order in which they are named. */
const OBSTACLES: readonly [DeclineReason, (silence: Silence) => Silence][] = [
  ['gone', (s) => ({ ...s, state: 'disabled' })],
  ['opted-in', (s) => ({ ...s, consented: true })],
  ['stopped', (s) => ({ ...s, asks: s.asks.map((ask) => ({ ...ask, stopped: true })) })],
  ['held', (s) => ({ ...s, held: true })],
  ['kill-switch', (s) => ({ ...s, killSwitch: true })],
  ['policy-off', (s) => ({ ...s, policy: 'off' })],
  ['not-asked', (s) => ({ ...s, asks: s.asks.map((ask) => ({ ...ask, linkValidSeconds: 0 })) })],
  ['bounced', (s) => ({ ...s, asks: s.asks.map((ask) => ({ ...ask, bounceKind: 'hard' })) })],
  ['too-early', (s) => ({ ...s, asks: s.asks.map((ask) => ({ ...ask, acceptedAt: NOW })) })],
  ['daily-cap', (s) => ({ ...s, leftToday: 0 })],
];

test('When obstacles come together, in every combination, then the first in order is named, and only without any it goes', () => {
  for (let bits = 0; bits < 1 << OBSTACLES.length; bits += 1) {
    const there = OBSTACLES.filter((_, n) => bits & (1 << n));
    const silence = there.reduce((s, [, put]) => put(s), silent());
    expect(decideSilentExpunge(silence)).toBe(there[0]?.[0] ?? 'expunge');
  }
});

/** Moments around the end of the grace period, and whatever else there may be. */
const seconds = fc.oneof(fc.constantFrom(0, 1, GRACE - 1, GRACE, GRACE + 1), fc.integer({ min: 0, max: GRACE * 3 }));
const anyAsk: fc.Arbitrary<OptInAsk> = fc.record({
  emailId: fc.constantFrom('mail', 'other', 'third'),
  contactId: fc.constant('contact'),
  enrolmentId: fc.constantFrom('enrolment', 'enrolment', 'foreign'),
  template: fc.constantFrom('opt-in', 'opt-in', 'opt-in-reminder'),
  workflowId: fc.constant('workflow'),
  complained: fc.boolean(),
  graceSeconds: seconds,
  linkValidSeconds: seconds,
  acceptedAt: fc.option(seconds.map(ago)),
  rejected: fc.boolean(),
  bounceKind: fc.constantFrom(null, null, 'soft', 'hard'),
  stopped: fc.constantFrom(false, false, true),
  addressChanged: fc.constantFrom(false, false, true),
});
const anySilence: fc.Arbitrary<Silence> = fc.record({
  state: fc.constantFrom('active', 'active', 'active', 'disabled', 'expunging', undefined),
  consented: fc.constantFrom(false, false, true),
  held: fc.constantFrom(false, false, true),
  killSwitch: fc.constantFrom(false, false, true),
  policy: fc.constantFrom('permanent', 'permanent', 'off'),
  asks: fc.uniqueArray(anyAsk, { maxLength: 3, selector: ({ emailId }) => emailId }),
  enrolmentId: fc.constant('enrolment'),
  emailId: fc.constant('mail'),
  graceSeconds: seconds,
  now: fc.constant(NOW),
  leftToday: fc.integer({ min: 0, max: 3 }),
});

/** Rule 2 as design.md says it, written down once more and in another way. */
function mayGo(s: Silence): boolean {
  const own = s.asks.filter(({ enrolmentId }) => enrolmentId === s.enrolmentId);
  const ask = own.find(({ emailId }) => emailId === s.emailId);
  const telling = s.asks.filter(({ addressChanged }) => !addressChanged);
  if (!ask || ask.acceptedAt === null || ask.addressChanged) return false;
  const waited = (NOW.getTime() - ask.acceptedAt.getTime()) / 1_000;
  const promisesKept = s.asks.every(
    ({ acceptedAt, graceSeconds }) => !acceptedAt || acceptedAt.getTime() + graceSeconds * 1_000 <= NOW.getTime(),
  );
  const [newest] = s.asks
    .filter(({ acceptedAt, bounceKind }) => acceptedAt !== null && bounceKind === null)
    .toSorted((a, b) => b.acceptedAt!.getTime() - a.acceptedAt!.getTime() || a.graceSeconds - b.graceSeconds);
  return [
    s.state === 'active',
    !s.consented,
    own.every(({ stopped }) => !stopped),
    !s.held && !s.killSwitch && s.policy === 'permanent',
    ask.graceSeconds > 0,
    ask.template === 'opt-in',
    newest === undefined || newest.graceSeconds > 0,
    waited >= s.graceSeconds && promisesKept,
    ask.linkValidSeconds >= s.graceSeconds && ask.linkValidSeconds >= ask.graceSeconds,
    ask.bounceKind === null,
    telling.every(({ rejected, bounceKind }) => !rejected && bounceKind !== 'hard'),
    s.leftToday > 0,
  ].every(Boolean);
}

test('When anything comes together in any way, then exactly whom rule 2 does not protect goes', () => {
  fc.assert(
    fc.property(anySilence, (silence) => (decideSilentExpunge(silence) === 'expunge') === mayGo(silence)),
    { numRuns: 20_000 },
  );
  // The other half: whoever may go, goes, and is protected by each obstacle alone.
  fc.assert(
    fc.property(anySilence.filter(mayGo), fc.constantFrom(...OBSTACLES), (silence, [reason, put]) => {
      expect(decideSilentExpunge(put(silence))).toBe(reason);
    }),
    { numRuns: 50 },
  );
});

describe('the end of silence, as it is shown', () => {
  const unprotected = (asks: readonly OptInAsk[], now: Date) => (ask: OptInAsk) =>
    decideSilentExpunge({ ...silent({ asks, now }), ...ask }) === 'expunge';

  test('When mails are as they may be, then it is the first moment at which the rule lets somebody go for one of them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyAsk, { maxLength: 3, selector: ({ emailId }) => emailId }), (asks) => {
        // Of an enrolment either all mails are stopped or none.
        const stopped = new Set(asks.filter((ask) => ask.stopped).map(({ enrolmentId }) => enrolmentId));
        const all = asks.map((ask) => ({ ...ask, stopped: stopped.has(ask.enrolmentId) }));
        const end = endOfSilence(all);
        if (end === null) return !all.some(unprotected(all, new Date(8.64e15)));
        const justBefore = new Date(end.getTime() - 1);
        return all.some(unprotected(all, end)) && !all.some(unprotected(all, justBefore));
      }),
      { numRuns: 5_000 },
    );
  });
});
