import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, NotFound, PlainText, type TenantCaller } from '#service';
import { lockContact, removed } from '../contacts/lock-contact.js';
import { wakeWaiting } from '../expunge/waiting-expunge.js';
import { Hold } from './hold.js';
import { type HoldView, holdViewOf } from './hold-view.js';

@Example({ reason: 'The case was closed.' })
export class HoldLift {
  @PlainText(500) reason: string;
}

/**
 * The privacy officer ends a hold; a removal that waited for it is looked at again at once. Lifted once: whoever lifts it
 * again is told who did it first, when and why.
 */
@Injectable()
export class LiftHold {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, contactId: string, holdId: string, { reason }: HoldLift): Promise<HoldView> {
    const { tenantId, subject } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const contact = await lockContact(tx, tenantId, contactId);
      if (contact.state === 'expunging') throw removed(contactId);
      const hold = await lift(tx, { id: holdId, tenantId, contactId }, { subject, reason });
      if (hold) {
        await wakeWaiting(tx, { tenantId, contactId });
        const detail = { contactId };
        await this.audit.record(tx, caller, { tenantId, action: 'hold.lifted', target: holdId, detail });
      }
      const known = await tx.findOneBy(Hold, { id: holdId, tenantId, contactId });
      if (!known) throw new NotFound('unknown-hold', 'There is no such hold on this contact.');
      return holdViewOf(known);
    });
  }
}

/** Whether it was lifted now. */
async function lift(
  tx: EntityManager,
  hold: { readonly id: string; readonly tenantId: string; readonly contactId: string },
  by: { readonly subject: string; readonly reason: string },
): Promise<boolean> {
  const [, lifted]: [unknown, number] = await tx.query(
    `UPDATE hold SET lifted_by = $4, lifted_at = clock_timestamp(), lift_reason = $5
     WHERE id = $1 AND tenant_id = $2 AND contact_id = $3 AND lifted_at IS NULL`,
    [hold.id, hold.tenantId, hold.contactId, by.subject, by.reason],
  );
  return lifted > 0;
}
