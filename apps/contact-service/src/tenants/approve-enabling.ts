import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Rejection, type VerifiedCaller } from '#service';
import { type ApprovalRefused, inForceFrom, judgeApproval } from './expunge-policy.js';
import { lockPolicy, type PolicyNow } from './load-policy.js';
import { findChange } from './policy-changes.js';
import { PolicyChange } from './policy-change.js';
import { type ChangeView, changeViewOf } from './policy-view.js';
import { reachTenant, sideOf } from './reach-tenant.js';
import { mailDomainMissing } from './request-enabling.js';
import { Tenant } from './tenant.js';

/** The other side agrees: expunge is permanent from the effective date on, or at once when that has passed. */
@Injectable()
export class ApproveEnabling {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: VerifiedCaller, tenantId: string, requestId: string): Promise<ChangeView> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const present = await lockPolicy(tx, tenantId);
      const change = await findChange(tx, tenantId, requestId);
      const side = sideOf(caller);
      const judged = judgeApproval(change, { subject: caller.subject, side }, present.now);
      if (judged !== 'approve') throw refusal(judged);
      if (present.tenant.mailDomain === null) throw mailDomainMissing(409);
      const approved = await approve(tx, present, change, caller.subject);
      await this.audit.record(tx, caller, {
        tenantId,
        action: 'expunge-policy.approved',
        target: requestId,
        detail: { side, from: inForceFrom(change.effectiveAt, present.now).toISOString() },
      });
      return changeViewOf(approved, present.now);
    });
  }
}

async function approve(
  tx: EntityManager,
  { tenant, now }: PolicyNow,
  change: PolicyChange,
  approvedBy: string,
): Promise<PolicyChange> {
  const approval = { approvedAt: now, approvedBy };
  const { softDeleted = 'keep' } = change.checklist;
  const expungeFrom = inForceFrom(change.effectiveAt, now);
  await tx.update(PolicyChange, { id: change.id, tenantId: tenant.id }, approval);
  await tx.update(Tenant, { id: tenant.id }, { expungePolicy: 'permanent', expungeFrom, softDeleted });
  return Object.assign(change, approval);
}

const REFUSALS: Readonly<Record<ApprovalRefused, string>> = {
  'own-request': 'Whoever has asked for it cannot approve it.',
  'own-side':
    'Somebody of the other side must approve it: the vendor what the client asks for, and the other way round.',
  'already-approved': 'This request has been approved already.',
  'request-withdrawn': 'This request has been withdrawn.',
  'request-expired': 'This request was not approved in time: ask again.',
  'switched-off': 'This was approved, and expunge has been switched off since: ask again.',
};

const refusal = (code: ApprovalRefused): Rejection => new Rejection(code, REFUSALS[code]);
