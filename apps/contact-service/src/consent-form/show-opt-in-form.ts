import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Contact } from '../contacts/contact.js';
import { decideExpunge } from '../expunge/expunge.decision.js';
import { WaitingExpunge } from '../expunge/waiting-expunge.js';
import { loadPolicy } from '../tenants/load-policy.js';
import type { FormView } from './form-view.js';
import { LookAtForm } from './look-at-form.js';
import { type AskOwner, askOwner } from '../consent/opt-in-ask.js';

/** The form behind the link of an opt-in mail. Changes nothing and takes no locks: mail scanners follow links. */
@Injectable()
export class ShowOptInForm {
  constructor(
    private readonly db: DataSource,
    private readonly lookAtForm: LookAtForm,
  ) {}

  async execute(token: string): Promise<FormView> {
    const owner = await askOwner(this.db, token);
    if (!owner) return { page: 'unknown' };
    return inTenant(this.db, owner.tenantId, (tx) => this.view(tx, token, owner));
  }

  private async view(tx: EntityManager, token: string, { tenantId, contactId }: AskOwner): Promise<FormView> {
    const contact = await tx.findOneBy(Contact, { id: contactId, tenantId });
    if (!contact) return { page: 'unknown' };
    const waiting = (await tx.findOneBy(WaitingExpunge, { contactId, tenantId })) ?? undefined;
    const { tenant, policy } = await loadPolicy(tx, tenantId);
    // Holds and the kill switch only put off a removal, and are not told.
    const situation = { policy, state: contact.state, waiting: waiting !== undefined, killSwitch: false, holdEnds: [] };
    const seen = { tenant, contact, waiting, decision: decideExpunge(situation) };
    return (await this.lookAtForm.execute(tx, token, seen))?.view ?? { page: 'unknown' };
  }
}
