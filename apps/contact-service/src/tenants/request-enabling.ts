import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { Audit, Rejection, type VerifiedCaller } from '#service';
import { type EnablingRequest, missingFrom } from './expunge-checklist.js';
import { canTakeEffect, judgeRequest } from './expunge-policy.js';
import { lockPolicy, type PolicyNow } from './load-policy.js';
import { closeChange, openChangeOf } from './policy-changes.js';
import { PolicyChange } from './policy-change.js';
import { type ChangeView, changeViewOf } from './policy-view.js';
import { reachTenant, sideOf } from './reach-tenant.js';

/** One side asks for expunge to be enabled, with a complete checklist. Nothing changes until the other side approves. */
@Injectable()
export class RequestEnabling {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: VerifiedCaller, tenantId: string, asked: EnablingRequest): Promise<ChangeView> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const present = await lockPolicy(tx, tenantId);
      const effectiveAt = new Date(asked.effectiveAt);
      refuseUnready(present, asked, effectiveAt);
      await makeRoom(tx, present);
      const { reason, checklist } = asked;
      const change = await insertChange(tx, caller, present, { effectiveAt, reason, checklist });
      await this.audit.record(tx, caller, {
        tenantId,
        action: 'expunge-policy.requested',
        target: change.id,
        detail: { side: change.requestedSide, effectiveAt: effectiveAt.toISOString() },
      });
      return changeViewOf(change, present.now);
    });
  }
}

function refuseUnready({ tenant, now }: PolicyNow, { checklist }: EnablingRequest, effectiveAt: Date): void {
  const missing = missingFrom(checklist);
  if (missing.length > 0) {
    const detail = `Not settled yet: ${missing.join(', ')}.`;
    throw new Rejection('checklist-incomplete', 'The checklist is not complete.', 422, detail);
  }
  if (tenant.mailDomain === null) throw mailDomainMissing(422);
  if (!canTakeEffect(effectiveAt, now)) {
    const title = 'The effective date must be at most an hour ago and at most a year ahead.';
    throw new Rejection('effective-date-out-of-range', title, 422);
  }
}

export const mailDomainMissing = (status: 409 | 422): Rejection =>
  new Rejection('mail-domain-missing', 'This client company has no mail domain to send confirmations from.', status);

/** Refuses a second request beside an open one; one that has expired makes way. */
async function makeRoom(tx: EntityManager, { tenant, now }: PolicyNow): Promise<void> {
  const open = await openChangeOf(tx, tenant.id);
  switch (judgeRequest(open, now)) {
    case 'request-open':
      throw new Rejection('request-open', 'There is a request already: approve it or withdraw it first.');
    case 'expunge-enabled':
      throw new Rejection('expunge-enabled', 'Expunge is enabled or scheduled already: switch it off first.');
    case 'request':
      if (!open) return;
      await closeChange(tx, open, { closedHow: 'expired', closedAt: now, closedBy: 'system', closedSide: 'system' });
  }
}

async function insertChange(
  tx: EntityManager,
  caller: VerifiedCaller,
  { tenant, now }: PolicyNow,
  { effectiveAt, reason, checklist }: Pick<PolicyChange, 'effectiveAt' | 'reason' | 'checklist'>,
): Promise<PolicyChange> {
  const change = tx.create(PolicyChange, {
    id: uuidv7(),
    tenantId: tenant.id,
    effectiveAt,
    reason,
    checklist,
    requestedAt: now,
    requestedBy: caller.subject,
    requestedSide: sideOf(caller),
  });
  await tx.insert(PolicyChange, change);
  return change;
}
