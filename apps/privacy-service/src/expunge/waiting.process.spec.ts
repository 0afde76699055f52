import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ExpungeState, Input } from './expunge-state.process.js';
import { BUILT_IN_PARTICIPANTS, type Decision, decide, open, openWaiting } from './expunge.process.js';
import { KEPT_RUNS, type SkippedRun } from './waiting.decision.js';

const IDS = { tenantId: 'tenant', contactId: 'contact', expungeId: 'expunge' };
const AT = '2026-01-02T03:04:05.000Z';
const LATER = '2026-01-03T00:00:00.000Z';
const OPENING = { ...IDS, reason: 'account-deleted', requestedBy: 'candidate', requestedAt: AT } as const;

const run = (minute: number, given: Partial<SkippedRun> = {}): SkippedRun => {
  const at = new Date(Date.parse(AT) + minute * 60_000).toISOString();
  return { at, waitingFor: ['hold'], ...given };
};
const skipped = (minute: number, given: Partial<SkippedRun> = {}): Input => {
  return { kind: 'skipped', ...IDS, ...run(minute, given) };
};
const begun = (extra: string[] = []): Input => {
  return { kind: 'begun', ...IDS, subjectCommitment: 'commitment', sealedRecipient: 'sealed', extra };
};
const tooLong: Input = { kind: 'waited-too-long', ...IDS };
const erased = (participant: string): Input => {
  const outcome = participant === 'contact-service' ? 'erased' : 'nothing_held';
  const stores = [{ store: 'rows', erased: 1, remaining: 0 }];
  return { kind: 'erased', ...IDS, participant, outcome, stores, at: AT, now: AT };
};
const refused = (participant: string): Input => ({ kind: 'refused', ...IDS, participant, reason: 'locked', at: AT });
const askDue = (overdue = false): Input => ({ kind: 'ask-due', ...IDS, overdue });
const everybody = (): Input[] => BUILT_IN_PARTICIPANTS.map(erased);

const waiting = (): ExpungeState => openWaiting(OPENING, run(0, { until: LATER }));
const opened = (): ExpungeState => open(OPENING, []).state;
/** Takes the state through the inputs; ignored ones leave it as it is. */
const after = (state: ExpungeState, inputs: readonly Input[]): ExpungeState =>
  inputs.reduce((now, input) => {
    const decision = decide(now, input);
    return 'ignored' in decision ? now : decision.state;
  }, state);
const whyIgnored = (decision: Decision): string | undefined => ('ignored' in decision ? decision.ignored : undefined);

describe('A request that waits', () => {
  it('When a removal may not begin, then nobody is asked and it shows what for, since when and until when', () => {
    expect(waiting()).toMatchObject({
      state: 'waiting',
      requestedAt: AT,
      participants: [],
      askedTimes: 0,
      waiting: { waitingFor: ['hold'], since: AT, until: LATER, skippedTimes: 1 },
    });
  });

  it('When it begins, then those configured at that moment are asked, and its time, its flag and its runs stay', () => {
    const decision = decide(after(waiting(), [skipped(1), tooLong]), begun(['search']));
    expect('messages' in decision && decision.messages.map(({ data }) => data)).toEqual([
      { ...IDS, participants: [...BUILT_IN_PARTICIPANTS, 'search'] },
    ]);
    const kept = { requestedAt: AT, overdue: true, waiting: { skippedTimes: 2 } };
    const learned = { sealedRecipient: 'sealed', subjectCommitment: 'commitment' };
    expect(decision).toMatchObject({ state: { state: 'erasing', askedTimes: 1, ...kept, ...learned } });
  });

  it('When it has begun, then neither waiting nor beginning is heard any more', () => {
    for (const state of [opened(), after(opened(), everybody()), after(waiting(), [begun()])]) {
      for (const input of [skipped(5), begun(), tooLong])
        expect(whyIgnored(decide(state, input))).toBe('already-begun');
    }
  });

  it('When answers, timers or mails come before it begins, then they count for nothing', () => {
    const mail = { ...IDS, emailId: 'mail', at: AT };
    const early: Input[] = [
      ...everybody(),
      refused('contact-service'),
      askDue(true),
      { kind: 'email-accepted', ...mail },
      { kind: 'email-rejected', ...mail, permanent: true },
      { kind: 'confirmation-overdue', ...IDS },
    ];
    for (const input of early) expect(whyIgnored(decide(waiting(), input))).toBe('not-begun');
  });

  it('When anything comes in any order, then it is expunged exactly if it began and everybody proved its part after that', () => {
    const input = fc.oneof(
      fc.nat(5).map((minute) => skipped(minute)),
      fc.constant(begun()),
      fc.constantFrom(...BUILT_IN_PARTICIPANTS).map(erased),
      fc.constantFrom(...BUILT_IN_PARTICIPANTS).map(refused),
      fc.boolean().map(askDue),
      fc.constant(tooLong),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 25 }), (inputs) => {
        const start = inputs.findIndex(({ kind }) => kind === 'begun');
        const proofs = start < 0 ? [] : inputs.slice(start).filter((one) => one.kind === 'erased');
        const proved = BUILT_IN_PARTICIPANTS.every((name) => proofs.some((one) => one.participant === name));
        const reached = proved ? 'expunged' : 'erasing';
        const state = start < 0 ? 'waiting' : reached;
        expect(after(waiting(), inputs)).toMatchObject({ state, requestedAt: AT });
      }),
      { numRuns: 500 },
    );
  });
});

describe('Skipped runs', () => {
  it('When runs become known in any order and more than once, then each counts once and the newest one says why', () => {
    const runs = [0, 1, 2].map((minute) => skipped(minute, minute === 2 ? { waitingFor: ['kill-switch'] } : {}));
    fc.assert(
      fc.property(fc.shuffledSubarray([...runs, ...runs], { minLength: 6 }), (inputs) => {
        expect(after(openWaiting(OPENING, run(1)), inputs).waiting).toMatchObject({
          since: AT,
          waitingFor: ['kill-switch'],
          skippedTimes: 3,
          skippedRuns: [{ at: AT }, { at: run(1).at }, { at: run(2).at }],
        });
      }),
    );
  });

  it('When the newest run names no end, then the one named before no longer holds; an older one says nothing of the end', () => {
    expect(after(waiting(), [skipped(1)]).waiting).toMatchObject({ until: undefined });
    expect(after(waiting(), [skipped(-1)]).waiting).toMatchObject({ until: LATER, since: run(-1).at });
  });

  it('When it waits for years, then the last runs are kept and all are counted', () => {
    const many = Array.from({ length: 1000 }, (_, index) => skipped(index + 1));
    const state = after(waiting(), many);
    expect(state.waiting).toMatchObject({ since: AT, skippedTimes: 1001 });
    expect(state.waiting?.skippedRuns).toHaveLength(KEPT_RUNS);
    expect(state.waiting?.skippedRuns.at(-1)?.at).toBe(run(1000).at);
  });
});
