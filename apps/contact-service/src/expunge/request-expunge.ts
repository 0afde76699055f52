import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type ExpungeReason, ExpungeRequested, message, type Requester } from '#contracts';
import { Outbox } from '#messaging';
import { commit, KeyringFile, newSalt, seal } from '#service';
import { ContactConfig } from '../config.js';
import { Contact } from '../contacts/contact.js';
import { lockContact } from '../contacts/lock-contact.js';
import { Tenant } from '../tenants/tenant.js';
import { decideExpunge, type ExpungeDecision } from './expunge.decision.js';
import { Removal } from './removal.js';

/** The answer to whoever asked; the same for the first click and every later one. */
export interface Expunging {
  readonly outcome: 'expunging';
  readonly expungeId: string;
  /** Where the person sees how far it is, without a login. */
  readonly statusUrl: string;
}

export interface Judged {
  readonly tenant: Tenant;
  readonly contact: Contact;
  readonly decision: ExpungeDecision;
}

/**
 * Locks the tenant (shared: policy changes wait) and the contact, and only then, in further statements, reads policy and
 * state and decides. What a policy change or another click has committed while this one waited is obeyed.
 */
export async function judge(tx: EntityManager, tenantId: string, contactId: string): Promise<Judged> {
  await tx.query('SELECT 1 FROM tenant WHERE id = $1 FOR SHARE', [tenantId]);
  const contact = await lockContact(tx, tenantId, contactId);
  const tenant = await tx.findOneByOrFail(Tenant, { id: tenantId });
  return { tenant, contact, decision: decideExpunge(tenant.expungePolicy, contact.state) };
}

/** Starts the removal everywhere, once per contact. Shared by everybody who may ask for one. */
@Injectable()
export class RequestExpunge {
  constructor(
    private readonly config: ContactConfig,
    private readonly keyring: KeyringFile,
    private readonly outbox: Outbox,
  ) {}

  /** For a contact that was judged `expunge`, in the transaction that judged it. */
  async execute(tx: EntityManager, judged: Judged, requestedBy: Requester): Promise<Expunging> {
    const { id: contactId, tenantId } = judged.contact;
    const expunge = { expungeId: randomUUID(), statusToken: randomBytes(32).toString('base64url') };
    const answer = this.answer(expunge);
    const requestedAt = new Date();
    const about = { tenantId, contactId, expungeId: expunge.expungeId, reason: REASONS[requestedBy], requestedBy };
    await tx.update(Contact, { id: contactId }, { state: 'expunging', updatedAt: requestedAt, ...expunge });
    await tx.insert(Removal, { ...about, requestedAt });
    const request = {
      ...about,
      requestedAt: requestedAt.toISOString(),
      statusTokenHash: createHash('sha256').update(expunge.statusToken).digest('base64url'),
      ...(await this.sealedRecipient(judged, answer)),
    };
    await this.outbox.add(tx, [message(ExpungeRequested, request)]);
    return answer;
  }

  /** For a contact that was judged `already-expunging`. */
  answerAgain({ expungeId, statusToken }: Contact): Expunging {
    if (expungeId === null || statusToken === null) throw new TypeError('not expunging');
    return this.answer({ expungeId, statusToken });
  }

  private answer({ expungeId, statusToken }: { expungeId: string; statusToken: string }): Expunging {
    return { outcome: 'expunging', expungeId, statusUrl: `${this.config.STATUS_PAGE_URL}${statusToken}` };
  }

  /** Where the confirmation goes, and what lets the person show that a certificate is about them. */
  private async sealedRecipient({ tenant, contact }: Judged, { expungeId, statusUrl }: Expunging) {
    if (contact.email === null) return {};
    const salt = newSalt();
    const sealedRecipient = await seal(this.keyring, {
      tenantId: tenant.id,
      contactId: contact.id,
      purpose: 'expunge-confirmation',
      expungeId,
      address: contact.email,
      name: nameOf(contact),
      language: contact.language ?? tenant.languages[0] ?? 'en',
      salt,
      statusUrl,
    });
    return { sealedRecipient, subjectCommitment: commit(salt, contact.email) };
  }
}

const REASONS: Readonly<Record<Requester, ExpungeReason>> = {
  candidate: 'account-deleted',
  recruiter: 'requested-by-recruiter',
};

const nameOf = ({ givenName, familyName }: Contact): string | undefined =>
  [givenName, familyName].filter((name) => name !== null).join(' ') || undefined;
