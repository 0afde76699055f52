import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Contact } from '../contacts/contact.js';
import { decideExpunge, type ExpungeDecision } from '../expunge/expunge.decision.js';
import { RequestExpunge } from '../expunge/request-expunge.js';
import { WaitingExpunge } from '../expunge/waiting-expunge.js';
import { loadPolicy } from '../tenants/load-policy.js';
import type { Tenant } from '../tenants/tenant.js';
import { decideLink } from './link.decision.js';
import { type LinkView, offerOf } from './link-view.js';
import { type LinkOwner, ownerOf, readLink } from './removal-link.js';

/** Shows what a link would do, or what has happened. Changes nothing and takes no locks: mail scanners follow links. */
@Injectable()
export class ShowRemovalLink {
  constructor(
    private readonly db: DataSource,
    private readonly requestExpunge: RequestExpunge,
  ) {}

  async execute(token: string): Promise<LinkView> {
    const owner = await ownerOf(this.db, token);
    if (!owner) return { page: 'unknown' };
    return inTenant(this.db, owner.tenantId, (tx) => this.view(tx, token, owner));
  }

  private async view(tx: EntityManager, token: string, { tenantId, contactId }: LinkOwner): Promise<LinkView> {
    const contact = await tx.findOneBy(Contact, { id: contactId, tenantId });
    const link = contact ? await readLink(tx, token, contact) : undefined;
    if (!contact || !link) return { page: 'unknown' };
    const waiting = await tx.findOneBy(WaitingExpunge, { contactId, tenantId });
    const { tenant, policy } = await loadPolicy(tx, tenantId);
    // Holds and the kill switch only put off what the button does, and are not told.
    const situation = { policy, state: contact.state, waiting: waiting !== null, killSwitch: false, holdEnds: [] };
    const decision = decideExpunge(situation);
    const decided = decideLink(link, decision);
    if (decided === 'expired' || decided === 'void') return { page: decided };
    return this.page(decision, { tenant, contact, statusToken: waiting?.statusToken ?? contact.statusToken });
  }

  private page(decision: ExpungeDecision, { tenant, contact, statusToken }: Shown): LinkView {
    const { name: company } = tenant;
    switch (decision) {
      case 'already-expunging':
        return { page: 'expunging', company, statusUrl: this.statusUrl(statusToken) };
      case 'already-waiting':
        return { page: 'waiting', company, statusUrl: this.statusUrl(statusToken) };
      case 'already-disabled':
        return { page: 'disabled', company };
      case 'disable':
      case 'expunge':
      case 'wait':
        return offerOf(decision, { tenant, contact });
    }
  }

  private statusUrl(statusToken: string | null): string {
    if (statusToken === null) throw new TypeError('a removal without a status token');
    return this.requestExpunge.statusUrlOf({ statusToken });
  }
}

interface Shown {
  readonly tenant: Tenant;
  readonly contact: Contact;
  /** Of a removal that was accepted. */
  readonly statusToken: string | null;
}
