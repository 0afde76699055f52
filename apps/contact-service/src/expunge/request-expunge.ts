import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Data, type ExpungeReason, ExpungeRequested, message, type Requester } from '#contracts';
import { failPoint, Outbox } from '#messaging';
import { commit, KeyringFile, newSalt, seal } from '#service';
import { ContactConfig } from '../config.js';
import type { Contact } from '../contacts/contact.js';
import type { Judged } from './judge.js';
import { Removal } from './removal.js';

/** What a removal is known by from the moment it was accepted, whenever it begins. */
export interface AcceptedExpunge {
  readonly expungeId: string;
  /** Leads the person to the status page; only its hash travels. */
  readonly statusToken: string;
  readonly requestedBy: Requester;
  readonly reason: ExpungeReason;
  readonly requestedAt: Date;
}

/** A removal that begins now. */
export interface Beginning {
  readonly judged: Judged;
  readonly accepted: AcceptedExpunge;
}

const REASONS: Readonly<Record<Requester, ExpungeReason>> = {
  candidate: 'account-deleted',
  recruiter: 'requested-by-recruiter',
  'address-holder': 'requested-by-address',
  workflow: 'no-opt-in',
};

interface Acceptance {
  /** Other than the one the requester stands for. */
  readonly reason?: ExpungeReason;
  /** Other than now: when it was asked for earlier. */
  readonly requestedAt?: Date;
}

/** A removal that is accepted at this moment. */
export const accept = (requestedBy: Requester, { reason, requestedAt }: Acceptance = {}): AcceptedExpunge => ({
  expungeId: randomUUID(),
  statusToken: randomBytes(32).toString('base64url'),
  requestedBy,
  reason: reason ?? REASONS[requestedBy],
  requestedAt: requestedAt ?? new Date(),
});

/** What others are told of it. */
export const announcementOf = ({ id: contactId, tenantId }: Contact, accepted: AcceptedExpunge) => ({
  tenantId,
  contactId,
  expungeId: accepted.expungeId,
  reason: accepted.reason,
  requestedBy: accepted.requestedBy,
  requestedAt: accepted.requestedAt.toISOString(),
  statusTokenHash: createHash('sha256').update(accepted.statusToken).digest('base64url'),
});

/** Starts removals everywhere, once per contact. Shared by everybody who may ask for one, and by the timers. */
@Injectable()
export class RequestExpunge {
  constructor(
    private readonly config: ContactConfig,
    private readonly keyring: KeyringFile,
    private readonly outbox: Outbox,
  ) {}

  /** For contacts that may be expunged as they were judged, in the transaction that judged them. */
  async execute(tx: EntityManager, beginnings: readonly Beginning[]): Promise<void> {
    if (beginnings.length === 0) return;
    const requests = await Promise.all(beginnings.map((beginning) => this.requestOf(beginning)));
    await this.markExpunging(tx, beginnings, requests);
    await tx.insert(
      Removal,
      beginnings.map(({ judged: { contact }, accepted }) => {
        const { expungeId, requestedBy, reason, requestedAt } = accepted;
        return { expungeId, requestedBy, reason, requestedAt, tenantId: contact.tenantId, contactId: contact.id };
      }),
    );
    failPoint('expunge.marked');
    await this.outbox.add(
      tx,
      requests.map((request) => message(ExpungeRequested, request)),
    );
  }

  statusUrlOf({ statusToken }: Pick<AcceptedExpunge, 'statusToken'>): string {
    return `${this.config.STATUS_PAGE_URL}${statusToken}`;
  }

  private async requestOf({ judged, accepted }: Beginning): Promise<Data<ExpungeRequested>> {
    return { ...announcementOf(judged.contact, accepted), ...(await this.sealedRecipient(judged, accepted)) };
  }

  /** Each contact keeps its request and the time to repeat it: see RepeatRequest. */
  private async markExpunging(
    tx: EntityManager,
    beginnings: readonly Beginning[],
    requests: readonly Data<ExpungeRequested>[],
  ): Promise<void> {
    await tx.query(
      `UPDATE contact SET state = 'expunging', updated_at = now(), expunge_id = request.expunge_id,
         status_token = request.status_token, expunge_request = request.data,
         expunge_repeat_at = now() + $5 * interval '1 second'
       FROM unnest($1::uuid[], $6::uuid[], $2::uuid[], $3::text[], $4::json[])
         AS request (contact_id, tenant_id, expunge_id, status_token, data)
       WHERE contact.id = request.contact_id AND contact.tenant_id = request.tenant_id`,
      [
        beginnings.map(({ judged }) => judged.contact.id),
        beginnings.map(({ accepted }) => accepted.expungeId),
        beginnings.map(({ accepted }) => accepted.statusToken),
        requests.map((request) => JSON.stringify(request)),
        this.config.EXPUNGE_REPEAT_AFTER_SECONDS,
        beginnings.map(({ judged }) => judged.contact.tenantId),
      ],
    );
  }

  /** Where the confirmation goes, and what lets the person show that a certificate is about them. */
  private async sealedRecipient({ tenant, contact }: Judged, accepted: AcceptedExpunge) {
    // People of an import that is taken back know nothing of it: they are not written to.
    if (contact.email === null || accepted.reason === 'import-undone') return {};
    const salt = newSalt();
    const sealedRecipient = await seal(this.keyring, {
      tenantId: tenant.id,
      contactId: contact.id,
      purpose: 'expunge-confirmation',
      expungeId: accepted.expungeId,
      address: contact.email,
      name: nameOf(contact),
      language: contact.language ?? tenant.languages[0] ?? 'en',
      salt,
      statusUrl: this.statusUrlOf(accepted),
    });
    return { sealedRecipient, subjectCommitment: commit(salt, contact.email) };
  }
}

const nameOf = ({ givenName, familyName }: Contact): string | undefined =>
  [givenName, familyName].filter((name) => name !== null).join(' ') || undefined;
