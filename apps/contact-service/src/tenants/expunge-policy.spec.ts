import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { missingFrom } from './expunge-checklist.js';
import {
  canTakeEffect,
  type Change,
  type ChangeState,
  type Closing,
  CLOSINGS,
  closingOf,
  inForceFrom,
  judgeApproval,
  judgeRequest,
  judgeWithdrawal,
  policyInForce,
  type Side,
  SIDES,
  stateOf,
} from './expunge-policy.js';

const NOW = new Date('2026-11-02T09:30:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (fromNow: number): Date => new Date(NOW.getTime() + fromNow);

interface Past {
  readonly effective?: number;
  readonly approved?: number;
  readonly closedHow?: Closing;
  readonly requestedBy?: string;
  readonly requestedSide?: Side;
}

const aChange = ({
  effective = 0,
  approved,
  closedHow,
  requestedBy = 'vera',
  requestedSide = 'vendor',
}: Past): Change => {
  const approvedAt = approved === undefined ? null : at(approved);
  return { effectiveAt: at(effective), requestedBy, requestedSide, approvedAt, closedHow: closedHow ?? null };
};

describe('what is in force', () => {
  test.each([
    ['off', null, 'off'],
    ['off', at(-DAY), 'off'],
    ['permanent', at(1), 'off'],
    ['permanent', at(0), 'permanent'],
    ['permanent', at(-DAY), 'permanent'],
    ['permanent', null, 'off'],
  ] as const)('When %s was agreed on from %s on, then it is %s', (expungePolicy, expungeFrom, inForce) => {
    expect(policyInForce({ expungePolicy, expungeFrom }, NOW)).toBe(inForce);
  });

  test('When somebody approves late, then it is in force from the approval on, never before', () => {
    expect(inForceFrom(at(-DAY), at(0))).toEqual(at(0));
    expect(inForceFrom(at(DAY), at(0))).toEqual(at(DAY));
  });
});

const CASES: [string, Past, ChangeState][] = [
  ['asked for', {}, 'requested'],
  ['asked for, for later', { effective: 300 * DAY }, 'requested'],
  ['asked for, 30 days past its date', { effective: -30 * DAY }, 'requested'],
  ['asked for, longer past its date', { effective: -30 * DAY - 1 }, 'expired'],
  ['approved for later', { effective: 1, approved: -HOUR }, 'scheduled'],
  ['approved for now', { approved: -HOUR }, 'in-force'],
  ['approved long ago', { effective: -400 * DAY, approved: -390 * DAY }, 'in-force'],
  ['withdrawn', { closedHow: 'withdrawn' }, 'withdrawn'],
  ['expired and closed', { closedHow: 'expired' }, 'expired'],
  ['switched off', { approved: -HOUR, closedHow: 'switched-off' }, 'switched-off'],
];

const VERDICTS: Record<ChangeState, [request: string, approval: string, withdrawal: string, closing: Closing]> = {
  requested: ['request-open', 'approve', 'withdraw', 'withdrawn'],
  expired: ['request', 'request-expired', 'closed-already', 'expired'],
  scheduled: ['expunge-enabled', 'already-approved', 'already-approved', 'withdrawn'],
  'in-force': ['expunge-enabled', 'already-approved', 'already-approved', 'switched-off'],
  withdrawn: ['request', 'request-withdrawn', 'closed-already', 'withdrawn'],
  'switched-off': ['request', 'switched-off', 'closed-already', 'switched-off'],
};

test.each(CASES)('When a change was %s, then each act is judged by that', (_, past, state) => {
  const change = aChange(past);
  const approval = judgeApproval(change, { subject: 'carl', side: 'client' }, NOW);
  expect(stateOf(change, NOW)).toBe(state);
  const verdicts = [judgeRequest(change, NOW), approval, judgeWithdrawal(change, NOW), closingOf(change, NOW)];
  expect(verdicts).toEqual(VERDICTS[state]);
});

test('When nothing is open, then anybody of the two sides may ask', () => {
  expect(judgeRequest(null, NOW)).toBe('request');
});

test.each([
  ['vera', 'vendor', 'own-request'],
  ['vera', 'client', 'own-request'],
  ['vito', 'vendor', 'own-side'],
  ['carl', 'client', 'approve'],
] as const)(
  'When the vendor’s vera has asked and %s of the %s approves, then it is judged %s',
  (subject, side, verdict) => {
    expect(judgeApproval(aChange({}), { subject, side }, NOW)).toBe(verdict);
  },
);

test('When anything at all has happened to a request, then only another person of the other side can approve it', () => {
  const days = fc.integer({ min: -800, max: 800 });
  const subject = fc.constantFrom('vera', 'vito', 'carl', 'cleo');
  const side = fc.constantFrom(...SIDES);
  const past = fc.record({
    effective: days.map((count) => count * DAY),
    approved: fc.option(
      days.map((count) => Math.min(0, count) * DAY),
      { nil: undefined },
    ),
    closedHow: fc.option(fc.constantFrom(...CLOSINGS), { nil: undefined }),
    requestedBy: subject,
    requestedSide: side,
  });
  fc.assert(
    fc.property(past, fc.record({ subject, side }), (done, approver) => {
      const change = aChange(done);
      if (judgeApproval(change, approver, NOW) !== 'approve') return;
      expect([change.approvedAt, change.closedHow]).toEqual([null, null]);
      expect(approver.subject).not.toBe(change.requestedBy);
      expect(approver.side).not.toBe(change.requestedSide);
    }),
  );
});

test.each([
  [-HOUR, true],
  [-HOUR - 1, false],
  [0, true],
  [365 * DAY, true],
  [367 * DAY, false],
])('When the effective date is %i ms ahead, then that is possible: %s', (ahead, possible) => {
  expect(canTakeEffect(at(ahead), NOW)).toBe(possible);
});

test('When the checklist is filled in, then each point that is not settled is named', () => {
  const settled = { retentionDutiesChecked: true, mailDomainAndDkimKeySet: true, workflowsReviewed: true };
  expect(missingFrom({ told: ['it'], ...settled, softDeleted: 'expunge' })).toEqual([]);
  expect(missingFrom({ told: [], ...settled, workflowsReviewed: false })).toEqual([
    'told',
    'workflowsReviewed',
    'softDeleted',
  ]);
  expect(missingFrom({})).toHaveLength(5);
});
