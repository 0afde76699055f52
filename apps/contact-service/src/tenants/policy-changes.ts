import { type EntityManager, IsNull } from 'typeorm';
import { NotFound } from '#service';
import type { Closing, Side } from './expunge-policy.js';
import { PolicyChange } from './policy-change.js';

/** The one request of a client company that is not closed: asked for, scheduled or in force. */
export const openChangeOf = (tx: EntityManager, tenantId: string): Promise<PolicyChange | null> =>
  tx.findOneBy(PolicyChange, { tenantId, closedAt: IsNull() });

/** Under the tenant's row lock, which every change of these rows takes. */
export async function findChange(tx: EntityManager, tenantId: string, id: string): Promise<PolicyChange> {
  const change = await tx.findOneBy(PolicyChange, { id, tenantId });
  if (!change) throw new NotFound('unknown-request', 'There is no such request of this client company.');
  return change;
}

export interface Closed {
  readonly closedHow: Closing;
  readonly closedAt: Date;
  readonly closedBy: string;
  readonly closedSide: Side | 'system';
  readonly closeReason?: string;
}

/** Under the tenant's row lock. */
export async function closeChange(tx: EntityManager, change: PolicyChange, closed: Closed): Promise<PolicyChange> {
  await tx.update(PolicyChange, { id: change.id, tenantId: change.tenantId }, closed);
  return Object.assign(change, closed);
}
