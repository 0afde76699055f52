import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, PlainText, type VerifiedCaller } from '#service';
import { closingOf } from './expunge-policy.js';
import { loadPolicy, lockPolicy, type PolicyNow } from './load-policy.js';
import type { PolicyChange } from './policy-change.js';
import { closeChange, openChangeOf } from './policy-changes.js';
import { type PolicyState, policyStateOf } from './policy-view.js';
import { reachTenant, sideOf } from './reach-tenant.js';
import { Tenant } from './tenant.js';

@Example({ reason: 'The works council has withdrawn its consent.' })
export class SwitchingOff {
  @PlainText(500) reason: string;
}

/**
 * Either side ends expunge alone and at once, whatever state it is in; nothing stays open that could turn it on later.
 * Removals that have begun go on. Again changes nothing.
 */
@Injectable()
export class SwitchExpungeOff {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: VerifiedCaller, tenantId: string, { reason }: SwitchingOff): Promise<PolicyState> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const present = await lockPolicy(tx, tenantId);
      const open = await openChangeOf(tx, tenantId);
      if (open) await close(tx, { caller, present, open, reason });
      await tx.update(Tenant, { id: tenantId }, { expungePolicy: 'off', expungeFrom: null, softDeleted: null });
      if (open) {
        const detail = { side: sideOf(caller), was: present.policy };
        await this.audit.record(tx, caller, {
          tenantId,
          action: 'expunge-policy.switched-off',
          target: open.id,
          detail,
        });
      }
      return policyStateOf(await loadPolicy(tx, tenantId), null);
    });
  }
}

interface ClosedBy {
  readonly caller: VerifiedCaller;
  readonly present: PolicyNow;
  readonly open: PolicyChange;
  readonly reason: string;
}

async function close(tx: EntityManager, { caller, present: { now }, open, reason }: ClosedBy): Promise<void> {
  const by = { closedBy: caller.subject, closedSide: sideOf(caller), closeReason: reason };
  await closeChange(tx, open, { closedHow: closingOf(open, now), closedAt: now, ...by });
}
