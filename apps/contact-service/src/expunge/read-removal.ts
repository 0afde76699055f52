import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { NotFound } from '#service';
import { Removal } from './removal.js';
import type { RemovalView } from './removal-view.js';
import { WaitingExpunge } from './waiting-expunge.js';

/** How far the removal of a contact is, also long after the contact is gone. */
@Injectable()
export class ReadRemoval {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string): Promise<RemovalView> {
    return inTenant(this.db, tenantId, async (tx) => {
      const view = (await begun(tx, tenantId, contactId)) ?? (await waiting(tx, tenantId, contactId));
      if (!view) throw new NotFound('no-removal', 'No removal of this contact was asked for.');
      return view;
    });
  }
}

async function begun(tx: EntityManager, tenantId: string, contactId: string): Promise<RemovalView | undefined> {
  const [removal] = await tx.find(Removal, { where: { contactId, tenantId }, order: { requestedAt: 'DESC' }, take: 1 });
  if (!removal) return undefined;
  const { tenantId: _, ...view } = removal;
  return view;
}

async function waiting(tx: EntityManager, tenantId: string, contactId: string): Promise<RemovalView | undefined> {
  const row = await tx.findOneBy(WaitingExpunge, { contactId, tenantId });
  if (!row) return undefined;
  const { expungeId, reason, requestedBy, requestedAt } = row;
  const notYet = { expungedAt: null, confirmedAt: null, confirmationFailedAt: null, certificateId: null };
  return { expungeId, contactId, reason, requestedBy, requestedAt, ...notYet, state: 'waiting' };
}
