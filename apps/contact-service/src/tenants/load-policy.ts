import type { EntityManager } from 'typeorm';
import { NotFound } from '#service';
import type { ExpungePolicy } from '../expunge/expunge.decision.js';
import { policyInForce, type SoftDeleted } from './expunge-policy.js';
import { Tenant } from './tenant.js';

/** What a client company has decided about removals, at one moment of the database's clock. */
export interface PolicyNow {
  readonly tenant: Tenant;
  readonly policy: ExpungePolicy;
  readonly killSwitch: boolean;
  /** Null unless the policy is permanent or will be. */
  readonly softDeleted: SoftDeleted | null;
  readonly now: Date;
}

/**
 * Whoever acts on the answer holds the tenant's row lock already (FOR SHARE is enough). The clock is the statement's and
 * not the transaction's, which began before it waited for that lock.
 */
export async function loadPolicy(tx: EntityManager, tenantId: string): Promise<PolicyNow> {
  const { entities, raw } = await tx
    .createQueryBuilder(Tenant, 'tenant')
    .addSelect('clock_timestamp()', 'now')
    .where('tenant.id = :tenantId', { tenantId })
    .getRawAndEntities<{ now: Date }>();
  const [tenant, now] = [entities[0], raw[0]?.now];
  if (!tenant || !now) throw unknownTenant();
  const { softDeleted, killSwitchSince } = tenant;
  return { tenant, policy: policyInForce(tenant, now), killSwitch: killSwitchSince !== null, softDeleted, now };
}

/** Locks the tenant's row first: every change of policy and kill switch waits here for clicks, and clicks for it. */
export async function lockPolicy(tx: EntityManager, tenantId: string): Promise<PolicyNow> {
  await tx.query('SELECT 1 FROM tenant WHERE id = $1 FOR UPDATE', [tenantId]);
  return loadPolicy(tx, tenantId);
}

export const unknownTenant = (): NotFound => new NotFound('unknown-tenant', 'There is no such client company.');
