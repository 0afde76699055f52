import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Gone, NotFound } from '#service';
import { lockContact } from '../contacts/lock-contact.js';
import { judge } from '../expunge/judge.js';
import type { ContactRemoved } from '../expunge/removal-answers.js';
import { RemoveContact } from '../expunge/remove-contact.js';
import { decideLink } from './link.decision.js';
import { actOf, type LinkAct, type LinkView, offerOf } from './link-view.js';
import { type LinkOwner, markUsed, ownerOf, readLink } from './removal-link.js';

/**
 * The button on the page behind a link: what Delete Account does, for a person without an account. Acts once; again it
 * shows the present state. The link is looked at under the contact's lock, so of two clicks at once the second finds it
 * used.
 */
@Injectable()
export class FollowRemovalLink {
  constructor(
    private readonly db: DataSource,
    private readonly removeContact: RemoveContact,
  ) {}

  /** `seen`: what the page said the button does; when that has changed since, the page is shown anew and nothing is done. */
  async execute(token: string, seen?: LinkAct): Promise<LinkView> {
    const owner = await ownerOf(this.db, token);
    if (!owner) return { page: 'unknown' };
    try {
      return await inTenant(this.db, owner.tenantId, (tx) => this.follow(tx, { token, seen, ...owner }));
    } catch (error) {
      // The contact was erased while this waited for its lock, and the link with it.
      if (error instanceof NotFound || error instanceof Gone) return { page: 'unknown' };
      throw error;
    }
  }

  private async follow(tx: EntityManager, { token, seen, tenantId, contactId }: Followed): Promise<LinkView> {
    const judged = await judge(tx, tenantId, () => lockContact(tx, tenantId, contactId));
    const link = await readLink(tx, token, judged.contact);
    if (!link) return { page: 'unknown' };
    const decided = decideLink(link, judged.decision);
    if (decided === 'expired' || decided === 'void') return { page: decided };
    if (decided === 'act' && seen !== undefined && seen !== actOf(judged.decision))
      return offerOf(judged.decision, judged);
    if (decided === 'act') await markUsed(tx, token, judged.contact);
    const removed = await this.removeContact.execute(tx, judged, {
      requestedBy: 'address-holder',
      actor: 'link-holder',
    });
    return viewOf(removed, judged.tenant.name);
  }
}

interface Followed extends LinkOwner {
  readonly token: string;
  readonly seen?: LinkAct;
}

function viewOf(removed: ContactRemoved, company: string): LinkView {
  if (removed.outcome === 'disabled') return { page: 'disabled', company };
  return { page: removed.outcome, company, statusUrl: removed.statusUrl };
}
