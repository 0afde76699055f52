import type { ExpungePolicy } from '../expunge/expunge.decision.js';

/**
 * The rules of enabling expunge for a client company, without I/O. It is off until one side (the vendor or the client)
 * has asked for it and somebody of the other side has approved; either side switches it off alone and at once. "Now" is
 * always the database's clock, read after the tenant's row was locked.
 */
export const SIDES = ['vendor', 'client'] as const;
export type Side = (typeof SIDES)[number];

export const SOFT_DELETED = ['keep', 'expunge'] as const;
/** What enabling expunge means for contacts that were only hidden (soft-deleted) before. */
export type SoftDeleted = (typeof SOFT_DELETED)[number];

/** From the effective date on the policy is in force by itself: no timer has to fire for it. */
export function policyInForce(
  tenant: { readonly expungePolicy: ExpungePolicy; readonly expungeFrom: Date | null },
  now: Date,
): ExpungePolicy {
  const { expungePolicy, expungeFrom } = tenant;
  return expungePolicy === 'permanent' && expungeFrom !== null && expungeFrom <= now ? 'permanent' : 'off';
}

export const CLOSINGS = ['withdrawn', 'expired', 'switched-off'] as const;
export type Closing = (typeof CLOSINGS)[number];

export const CHANGE_STATES = ['requested', 'scheduled', 'in-force', ...CLOSINGS] as const;
/** `requested` waits for the other side, `scheduled` is approved and waits for its date. The rest is history. */
export type ChangeState = (typeof CHANGE_STATES)[number];

/** One request to enable expunge, as far as it has come. */
export interface Change {
  readonly effectiveAt: Date;
  readonly requestedBy: string;
  readonly requestedSide: Side;
  readonly approvedAt: Date | null;
  readonly closedHow: Closing | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LATEST_DAYS = 366;
/** What was checked for a date may not be true a month after it any more. */
const APPROVABLE_DAYS = 30;

export function stateOf(change: Change, now: Date): ChangeState {
  if (change.closedHow !== null) return change.closedHow;
  if (change.approvedAt !== null)
    return inForceFrom(change.effectiveAt, change.approvedAt) > now ? 'scheduled' : 'in-force';
  return now.getTime() > change.effectiveAt.getTime() + APPROVABLE_DAYS * DAY_MS ? 'expired' : 'requested';
}

/** Nothing is in force before it was approved, whatever date was asked for. */
export const inForceFrom = (effectiveAt: Date, approvedAt: Date): Date =>
  effectiveAt > approvedAt ? effectiveAt : approvedAt;

/** The present means at once, and clocks differ; a date further ahead than a year is a mistyped one. */
export function canTakeEffect(effectiveAt: Date, now: Date): boolean {
  const ahead = effectiveAt.getTime() - now.getTime();
  return ahead >= -HOUR_MS && ahead <= LATEST_DAYS * DAY_MS;
}

/** Whether another request may be made beside the newest one that is not closed. */
export function judgeRequest(open: Change | null, now: Date): 'request' | 'request-open' | 'expunge-enabled' {
  if (open === null) return 'request';
  switch (stateOf(open, now)) {
    case 'requested':
      return 'request-open';
    case 'scheduled':
    case 'in-force':
      return 'expunge-enabled';
    case 'withdrawn':
    case 'expired':
    case 'switched-off':
      return 'request';
  }
}

export type ApprovalRefused =
  'own-request' | 'own-side' | 'already-approved' | 'request-withdrawn' | 'request-expired' | 'switched-off';

/** Only somebody of the other side approves, and never who asked, in whatever role he comes back. */
export function judgeApproval(
  change: Change,
  approver: { readonly subject: string; readonly side: Side },
  now: Date,
): 'approve' | ApprovalRefused {
  switch (stateOf(change, now)) {
    case 'requested':
      if (approver.subject === change.requestedBy) return 'own-request';
      return approver.side === change.requestedSide ? 'own-side' : 'approve';
    case 'scheduled':
    case 'in-force':
      return 'already-approved';
    case 'withdrawn':
      return 'request-withdrawn';
    case 'expired':
      return 'request-expired';
    case 'switched-off':
      return 'switched-off';
  }
}

/** Either side withdraws while nobody has approved; afterwards it is switched off instead. */
export function judgeWithdrawal(change: Change, now: Date): 'withdraw' | 'closed-already' | 'already-approved' {
  switch (stateOf(change, now)) {
    case 'requested':
      return 'withdraw';
    case 'scheduled':
    case 'in-force':
      return 'already-approved';
    case 'withdrawn':
    case 'expired':
    case 'switched-off':
      return 'closed-already';
  }
}

/** What switching off makes of what is not closed: nothing that could turn expunge on later is left open. */
export function closingOf(change: Change, now: Date): Closing {
  switch (stateOf(change, now)) {
    case 'requested':
    case 'scheduled':
    case 'withdrawn':
      return 'withdrawn';
    case 'expired':
      return 'expired';
    case 'in-force':
    case 'switched-off':
      return 'switched-off';
  }
}
