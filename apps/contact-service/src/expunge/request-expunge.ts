import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Data, type ExpungeReason, ExpungeRequested, message, type Requester } from '#contracts';
import { Outbox } from '#messaging';
import { commit, KeyringFile, newSalt, seal } from '#service';
import { ContactConfig } from '../config.js';
import type { Contact } from '../contacts/contact.js';
import { Tenant } from '../tenants/tenant.js';
import { decideExpunge, type ExpungeDecision } from './expunge.decision.js';
import { Removal } from './removal.js';

/** The answer to whoever asked; the same for the first click and every later one until the contact is erased. */
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
 * state and decides. What a policy change or another click has committed while this one waited is obeyed. `lock` answers
 * in the words of who asks when there is no contact (any more).
 */
export async function judge(tx: EntityManager, tenantId: string, lock: () => Promise<Contact>): Promise<Judged> {
  await tx.query('SELECT 1 FROM tenant WHERE id = $1 FOR SHARE', [tenantId]);
  const contact = await lock();
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
    const request: Data<ExpungeRequested> = {
      ...about,
      requestedAt: requestedAt.toISOString(),
      statusTokenHash: createHash('sha256').update(expunge.statusToken).digest('base64url'),
      ...(await this.sealedRecipient(judged, answer)),
    };
    await this.markExpunging(tx, request, expunge.statusToken);
    await tx.insert(Removal, { ...about, requestedAt });
    await this.outbox.add(tx, [message(ExpungeRequested, request)]);
    return answer;
  }

  /** For a contact that was judged `already-expunging`. */
  answerAgain({ expungeId, statusToken }: Contact): Expunging {
    if (expungeId === null || statusToken === null) throw new TypeError('not expunging');
    return this.answer({ expungeId, statusToken });
  }

  /** The contact keeps the request and the time to repeat it: see RepeatRequest. */
  private async markExpunging(tx: EntityManager, request: Data<ExpungeRequested>, statusToken: string): Promise<void> {
    await tx.query(
      `UPDATE contact SET state = 'expunging', updated_at = $2, expunge_id = $3, status_token = $4, expunge_request = $5,
         expunge_repeat_at = now() + $6 * interval '1 second'
       WHERE id = $1`,
      [
        request.contactId,
        request.requestedAt,
        request.expungeId,
        statusToken,
        JSON.stringify(request),
        this.config.EXPUNGE_REPEAT_AFTER_SECONDS,
      ],
    );
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
