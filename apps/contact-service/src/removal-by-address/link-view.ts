import type { Contact } from '../contacts/contact.js';
import type { ExpungeDecision } from '../expunge/expunge.decision.js';
import type { Tenant } from '../tenants/tenant.js';

/** What the button does: remove for good, or only disable. */
export const LINK_ACTS = ['expunge', 'disable'] as const;
export type LinkAct = (typeof LINK_ACTS)[number];

interface Offer {
  readonly page: 'offer';
  readonly act: LinkAct;
  readonly company: string;
  readonly privacyContact: string;
  readonly heldSince: Date;
}

/** What the page behind a link shows. Nothing in it says who the person is. */
export type LinkView =
  | Offer
  | { readonly page: 'unknown' | 'expired' | 'void' }
  | { readonly page: 'expunging' | 'waiting'; readonly company: string; readonly statusUrl: string }
  | { readonly page: 'disabled'; readonly company: string };

/** What the button would do as things are. */
export const actOf = (decision: ExpungeDecision): LinkAct => (decision === 'disable' ? 'disable' : 'expunge');

export const offerOf = (
  decision: ExpungeDecision,
  { tenant, contact }: { tenant: Tenant; contact: Contact },
): Offer => ({
  page: 'offer',
  act: actOf(decision),
  company: tenant.name,
  privacyContact: tenant.privacyContact,
  heldSince: contact.createdAt,
});
