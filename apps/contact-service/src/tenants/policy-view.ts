import { Type } from 'class-transformer';
import { IsDate, IsIn, IsString, IsUUID, ValidateNested } from 'class-validator';
import { Example, Optional } from '#service';
import { EXPUNGE_POLICIES, type ExpungePolicy } from '../expunge/expunge.decision.js';
import { ExpungeChecklist } from './expunge-checklist.js';
import {
  CHANGE_STATES,
  type ChangeState,
  inForceFrom,
  type Side,
  SIDES,
  SOFT_DELETED,
  type SoftDeleted,
  stateOf,
} from './expunge-policy.js';
import type { PolicyNow } from './load-policy.js';
import type { PolicyChange } from './policy-change.js';

const CLOSERS = [...SIDES, 'system'] as const;

const CHANGE = {
  id: '0197f3b1-08aa-7b4c-a3d5-6e1f9c2b7d40',
  state: 'in-force',
  effectiveAt: '2026-11-02T00:00:00.000Z',
  reason: 'Agreed with the works council on 12 October.',
  checklist: {
    told: ['works-council', 'data-protection-officer', 'recruiters'],
    retentionDutiesChecked: true,
    mailDomainAndDkimKeySet: true,
    workflowsReviewed: true,
    softDeleted: 'keep',
  },
  requestedAt: '2026-10-20T07:12:00.000Z',
  requestedBy: 'staff-12',
  requestedSide: 'vendor',
  approvedAt: '2026-10-21T14:03:00.000Z',
  approvedBy: 'admin-3',
  inForceFrom: '2026-11-02T00:00:00.000Z',
};
const STATE = { inForce: 'permanent', since: '2026-11-02T00:00:00.000Z', softDeleted: 'keep' };

/** One request to enable expunge, as both sides see it. */
@Example(CHANGE)
export class ChangeView {
  @IsUUID() id: string;
  @IsIn(CHANGE_STATES) state: ChangeState;
  @IsDate() effectiveAt: Date;
  @IsString() reason: string;
  @ValidateNested() @Type(() => ExpungeChecklist) checklist: ExpungeChecklist;
  @IsDate() requestedAt: Date;
  @IsString() requestedBy: string;
  @IsIn(SIDES) requestedSide: Side;
  @Optional() @IsDate() approvedAt?: Date;
  @Optional() @IsString() approvedBy?: string;
  /** The later of the effective date and the approval. */
  @Optional() @IsDate() inForceFrom?: Date;
  @Optional() @IsDate() closedAt?: Date;
  @Optional() @IsString() closedBy?: string;
  @Optional() @IsIn(CLOSERS) closedSide?: (typeof CLOSERS)[number];
  @Optional() @IsString() closeReason?: string;
}

/** What Delete Account means for a client company now, and what will change that. */
@Example(STATE)
export class PolicyState {
  @IsIn(EXPUNGE_POLICIES) inForce: ExpungePolicy;
  @Optional() @IsDate() since?: Date;
  /** Approved by both sides, for later. */
  @Optional() @IsDate() scheduledFor?: Date;
  @Optional() @IsIn(SOFT_DELETED) softDeleted?: SoftDeleted;
  /** Waits for the approval of the other side. */
  @Optional() @ValidateNested() @Type(() => ChangeView) pending?: ChangeView;
}

@Example({ ...STATE, history: [CHANGE] })
export class PolicyWithHistory extends PolicyState {
  /** Newest first. */
  @ValidateNested({ each: true }) @Type(() => ChangeView) history: ChangeView[];
  /** To be given as `before` for the next page. */
  @Optional() @IsUUID() next?: string;
}

export function changeViewOf(change: PolicyChange, now: Date): ChangeView {
  const { id, effectiveAt, reason, checklist, requestedAt, requestedBy, requestedSide } = change;
  const asked = { effectiveAt, reason, checklist, requestedAt, requestedBy, requestedSide };
  return { id, state: stateOf(change, now), ...asked, ...approvalOf(change), ...closeOf(change) };
}

function approvalOf({ approvedAt, approvedBy, effectiveAt }: PolicyChange): Partial<ChangeView> {
  if (approvedAt === null || approvedBy === null) return {};
  return { approvedAt, approvedBy, inForceFrom: inForceFrom(effectiveAt, approvedAt) };
}

function closeOf({ closedAt, closedBy, closedSide, closeReason }: PolicyChange): Partial<ChangeView> {
  if (closedAt === null || closedBy === null || closedSide === null) return {};
  return { closedAt, closedBy, closedSide, ...(closeReason === null ? {} : { closeReason }) };
}

export function policyStateOf({ tenant, policy, softDeleted, now }: PolicyNow, open: PolicyChange | null): PolicyState {
  const from = tenant.expungeFrom;
  const pending = open && stateOf(open, now) === 'requested' ? { pending: changeViewOf(open, now) } : {};
  const agreed = from === null ? {} : policy === 'permanent' ? { since: from } : { scheduledFor: from };
  return { inForce: policy, ...agreed, ...(softDeleted === null ? {} : { softDeleted }), ...pending };
}
