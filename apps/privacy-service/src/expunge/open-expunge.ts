import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ExpungeRequested } from '#contracts';
import { type BatchHandler, Outbox, type Received } from '#messaging';
import { PrivacyConfig } from '../config.js';
import { open } from './expunge.process.js';

/**
 * Opens requests and asks every participant. The expunge id is the identity of a request: the same one again changes
 * nothing. Another id for the same contact is a request of its own, with evidence and a certificate of its own.
 */
@Injectable()
export class OpenExpunge implements BatchHandler<ExpungeRequested> {
  constructor(
    private readonly outbox: Outbox,
    private readonly config: PrivacyConfig,
  ) {}

  async handle(messages: readonly Received<ExpungeRequested>[], tx: EntityManager): Promise<void> {
    const opened = messages.map(({ data }) => ({
      statusTokenHash: data.statusTokenHash,
      ...open(data, this.config.EXTRA_PARTICIPANTS),
    }));
    // Conflicts on the id only: another request with a known status address must be parked, not swallowed.
    const rows: { expunge_id: string }[] = await tx.query(
      `INSERT INTO expunge_request (expunge_id, tenant_id, contact_id, reason, requested_by, requested_at,
         status_token_hash, subject_commitment, sealed_recipient, state, participants, asked_times, ask_again_at)
       SELECT n.expunge_id, n.tenant_id, n.contact_id, n.reason, n.requested_by, n.requested_at,
         n.status_token_hash, n.subject_commitment, n.sealed_recipient, 'erasing', n.participants, 1,
         now() + $11 * interval '1 second'
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
           $9::text[], $10::jsonb[])
         AS n (expunge_id, tenant_id, contact_id, reason, requested_by, requested_at, status_token_hash,
           subject_commitment, sealed_recipient, participants)
       ORDER BY n.expunge_id
       ON CONFLICT (expunge_id) DO NOTHING RETURNING expunge_id`,
      [
        opened.map(({ state }) => state.expungeId),
        opened.map(({ state }) => state.tenantId),
        opened.map(({ state }) => state.contactId),
        opened.map(({ state }) => state.reason),
        opened.map(({ state }) => state.requestedBy),
        opened.map(({ state }) => state.requestedAt),
        opened.map(({ statusTokenHash }) => statusTokenHash),
        opened.map(({ state }) => state.subjectCommitment),
        opened.map(({ state }) => state.sealedRecipient),
        opened.map(({ state }) => JSON.stringify(state.participants)),
        this.config.ASK_AGAIN_FIRST_SECONDS,
      ],
    );
    const fresh = new Set(rows.map((row) => row.expunge_id));
    const first = opened.filter(({ state }) => fresh.delete(state.expungeId));
    await this.outbox.add(
      tx,
      first.flatMap((request) => request.messages),
    );
  }
}
