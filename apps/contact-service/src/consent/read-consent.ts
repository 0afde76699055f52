import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import type { TenantCaller } from '#service';
import { unknown } from '../contacts/lock-contact.js';
import { lookAtContact } from '../contacts/read-contact.js';
import { maySeeHolds, standingsOf } from './consent-state.js';
import { type ConsentEvent, type ConsentView, standingViewOf } from './consent-view.js';

/** Where one contact stands, and all that was sent to it and decided about it. */
@Injectable()
export class ReadConsent {
  constructor(private readonly db: DataSource) {}

  async execute(caller: TenantCaller, contactId: string): Promise<ConsentView> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lookAtContact(tx, tenantId, contactId);
      const look = { tenantId, contactIds: [contactId], showHolds: maySeeHolds(caller) };
      const [standing] = await standingsOf(tx, look);
      if (!standing) throw unknown();
      return { ...standingViewOf(standing), timeline: await timelineOf(tx, tenantId, contactId) };
    });
  }
}

/** What happened in the same moment is told in the order in which it must have happened. */
function timelineOf(tx: EntityManager, tenantId: string, contactId: string): Promise<ConsentEvent[]> {
  return tx.query(
    `SELECT at, what, email_id AS "emailId", reason, by, times, last_at AS "lastAt" FROM (
       SELECT event.*, ask.email_id, NULL::int AS times, NULL::timestamptz AS last_at
       FROM opt_in_ask AS ask CROSS JOIN LATERAL (VALUES
         (1, asked_at, CASE template WHEN 'opt-in' THEN 'asked' ELSE 'reminded' END, NULL, NULL),
         (2, accepted_at, 'accepted', NULL, NULL),
         (3, rejected_at, 'rejected', code, NULL),
         (4, bounced_at, 'bounced-' || bounce_kind, code, NULL),
         (5, complained_at, 'complained', NULL, NULL),
         (7, address_changed_at, 'address-changed', NULL, NULL),
         (10, called_back_at, 'called-back', NULL, NULL)
       ) AS event (n, at, what, reason, by)
       WHERE ask.contact_id = $2 AND ask.tenant_id = $1 AND event.at IS NOT NULL
       UNION ALL
       SELECT 6, at, decision, how, NULL, email_id, NULL, NULL FROM consent_record
       WHERE contact_id = $2 AND tenant_id = $1
       UNION ALL
       SELECT 8, asking_stopped_at, 'stopped', NULL, asking_stopped_by, NULL, NULL, NULL FROM contact
       WHERE id = $2 AND tenant_id = $1 AND asking_stopped_at IS NOT NULL
       UNION ALL
       SELECT 9, first_at, 'not-removed', reason, NULL, NULL, times, last_at FROM expunge_decline
       WHERE contact_id = $2 AND tenant_id = $1
     ) AS told
     ORDER BY at, n`,
    [tenantId, contactId],
  );
}
