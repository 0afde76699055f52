import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ExpungeWaiting, message, type WaitingFor } from '#contracts';
import { Outbox } from '#messaging';
import { disableContacts } from './disable-contacts.js';
import { lookAgainAt, obstaclesOf } from './expunge.decision.js';
import { type Beginning, announcementOf } from './request-expunge.js';

interface Postponed extends Beginning {
  readonly waitingFor: WaitingFor[];
  readonly lookAt: Date | null;
}

/**
 * Leaves accepted removals waiting, for the first time or once more, and says so: the privacy officer sees each time one was
 * looked at and skipped. The contact is disabled meanwhile.
 */
@Injectable()
export class PostponeExpunge {
  constructor(private readonly outbox: Outbox) {}

  /** For contacts whose removal must not begin as they were judged, in the transaction that judged them. */
  async execute(tx: EntityManager, beginnings: readonly Beginning[]): Promise<void> {
    if (beginnings.length === 0) return;
    const postponed = beginnings.map((beginning): Postponed => {
      const { obstacles } = beginning.judged;
      return { ...beginning, waitingFor: obstaclesOf(obstacles), lookAt: lookAgainAt(obstacles) };
    });
    await disableContacts(
      tx,
      this.outbox,
      postponed.map(({ judged: { contact }, accepted: { requestedBy } }) => ({ contact, requestedBy })),
    );
    const at = await this.keep(tx, postponed);
    const announcements = postponed.map(({ judged, accepted, waitingFor, lookAt }) => {
      const said = { ...announcementOf(judged.contact, accepted), waitingFor, at, until: lookAt?.toISOString() };
      return message(ExpungeWaiting, said);
    });
    await this.outbox.add(tx, announcements);
  }

  /** Returns when, by the database's clock. What was accepted is written once and never changed. */
  private async keep(tx: EntityManager, postponed: readonly Postponed[]): Promise<string> {
    const rows: { skipped_at: Date }[] = await tx.query(
      `INSERT INTO waiting_expunge (contact_id, tenant_id, expunge_id, status_token, requested_by, reason, requested_at,
         waiting_for, look_at, skipped_at)
       SELECT contact_id, tenant_id, expunge_id, status_token, requested_by, reason, requested_at,
         string_to_array(waiting_for, ' '), look_at, clock_timestamp()
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[],
         $9::timestamptz[]) AS w (contact_id, tenant_id, expunge_id, status_token, requested_by, reason, requested_at,
         waiting_for, look_at)
       ORDER BY contact_id
       ON CONFLICT (contact_id) DO UPDATE
         SET waiting_for = EXCLUDED.waiting_for, look_at = EXCLUDED.look_at, skipped_at = EXCLUDED.skipped_at
       RETURNING skipped_at`,
      [
        postponed.map(({ judged }) => judged.contact.id),
        postponed.map(({ judged }) => judged.contact.tenantId),
        postponed.map(({ accepted }) => accepted.expungeId),
        postponed.map(({ accepted }) => accepted.statusToken),
        postponed.map(({ accepted }) => accepted.requestedBy),
        postponed.map(({ accepted }) => accepted.reason),
        postponed.map(({ accepted }) => accepted.requestedAt),
        postponed.map(({ waitingFor }) => waitingFor.join(' ')),
        postponed.map(({ lookAt }) => lookAt),
      ],
    );
    return (rows[0]?.skipped_at ?? new Date()).toISOString();
  }
}
