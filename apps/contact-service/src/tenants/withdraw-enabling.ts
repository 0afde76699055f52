import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Rejection, type VerifiedCaller } from '#service';
import { judgeWithdrawal } from './expunge-policy.js';
import { lockPolicy } from './load-policy.js';
import { closeChange, findChange } from './policy-changes.js';
import { type ChangeView, changeViewOf } from './policy-view.js';
import { reachTenant, sideOf } from './reach-tenant.js';

/** Either side takes back a request that nobody has approved. Again is the same answer. */
@Injectable()
export class WithdrawEnabling {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: VerifiedCaller, tenantId: string, requestId: string): Promise<ChangeView> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const { now } = await lockPolicy(tx, tenantId);
      const change = await findChange(tx, tenantId, requestId);
      switch (judgeWithdrawal(change, now)) {
        case 'already-approved':
          throw new Rejection('already-approved', 'This request has been approved: switch expunge off instead.');
        case 'closed-already':
          return changeViewOf(change, now);
        case 'withdraw': {
          const side = sideOf(caller);
          const by = { closedHow: 'withdrawn', closedAt: now, closedBy: caller.subject, closedSide: side } as const;
          const closed = await closeChange(tx, change, by);
          await this.audit.record(tx, caller, {
            tenantId,
            action: 'expunge-policy.withdrawn',
            target: requestId,
            detail: { side },
          });
          return changeViewOf(closed, now);
        }
      }
    });
  }
}
