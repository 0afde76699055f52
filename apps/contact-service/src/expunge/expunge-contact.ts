import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Rejection, type TenantCaller } from '#service';
import { lockContact } from '../contacts/lock-contact.js';
import { judge } from './judge.js';
import type { RemovalAccepted } from './removal-answers.js';
import { RemoveContact } from './remove-contact.js';

/** A recruiter has a contact removed everywhere. Refused while the client's expunge is off; nothing is disabled instead. */
@Injectable()
export class ExpungeContact {
  constructor(
    private readonly db: DataSource,
    private readonly removeContact: RemoveContact,
  ) {}

  async execute(caller: TenantCaller, contactId: string): Promise<RemovalAccepted> {
    return inTenant(this.db, caller.tenantId, async (tx) => {
      const judged = await judge(tx, caller.tenantId, () => lockContact(tx, caller.tenantId, contactId));
      const answer = await this.removeContact.execute(tx, judged, { requestedBy: 'recruiter', actor: caller });
      // Thrown inside the transaction: the disabling is undone.
      if (answer.outcome === 'disabled') throw expungeOff();
      return answer;
    });
  }
}

const expungeOff = (): Rejection =>
  new Rejection('expunge-off', 'Permanent removal is not set up for this client company.');
