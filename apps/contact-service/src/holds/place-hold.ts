import { Injectable } from '@nestjs/common';
import { IsIn, Matches } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { Audit, Example, Moment, Optional, Rejection, type TenantCaller } from '#service';
import { lockContact } from '../contacts/lock-contact.js';
import { wakeWaiting } from '../expunge/waiting-expunge.js';
import { Hold, HOLD_REASONS, type HoldReason } from './hold.js';
import { type HoldView, holdViewOf } from './hold-view.js';

/** Letters and digits with what case numbers are divided by: nothing that could be a sentence about a person. */
const CASE_REFERENCE = /^[A-Za-z0-9](?:[A-Za-z0-9 ._/-]{0,62}[A-Za-z0-9])?$/;

@Example({ caseReference: '2026/117-A', reason: 'litigation', until: '2027-03-31T22:00:00Z' })
export class NewHold {
  @Matches(CASE_REFERENCE, { message: 'caseReference must be 1 to 64 letters and digits, divided by space . _ / or -' })
  caseReference: string;
  @IsIn(HOLD_REASONS) reason: HoldReason;
  /** Left out: until somebody lifts it. */
  @Optional() @Moment() until?: string;
}

/**
 * The privacy officer forbids to remove a contact for now. Placed under the contact's lock, the one a removal begins under:
 * either the removal sees the hold, or the hold is refused because the removal has begun. Several holds may lie on a
 * contact; it is free when none of them is in force any more.
 */
@Injectable()
export class PlaceHold {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, contactId: string, { caseReference, reason, until }: NewHold): Promise<HoldView> {
    const { tenantId, subject: placedBy } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const contact = await lockContact(tx, tenantId, contactId);
      if (contact.state === 'expunging') throw removalBegun();
      const placedAt = await clock(tx);
      const end = until === undefined ? null : new Date(until);
      if (end && end <= placedAt) throw new Rejection('until-passed', 'The end of a hold must be still to come.', 422);
      const placed = { id: uuidv7(), tenantId, contactId, caseReference, reason, until: end, placedBy, placedAt };
      const hold = tx.create(Hold, placed);
      await tx.insert(Hold, hold);
      // What waits already has one reason more: the privacy officer sees that, and for how long.
      await wakeWaiting(tx, { tenantId, contactId });
      const detail = { contactId, reason };
      await this.audit.record(tx, caller, { tenantId, action: 'hold.placed', target: hold.id, detail });
      return holdViewOf(hold);
    });
  }
}

/** The database's clock, read after the lock. */
async function clock(tx: EntityManager): Promise<Date> {
  const [row]: { now: Date }[] = await tx.query(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`);
  return row?.now ?? new Date();
}

const removalBegun = (): Rejection =>
  new Rejection('removal-begun', 'The removal of this contact has begun and cannot be stopped any more.');
