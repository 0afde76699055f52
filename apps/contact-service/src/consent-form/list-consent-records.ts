import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { unknown } from '../contacts/lock-contact.js';
import { loadPolicy } from '../tenants/load-policy.js';
import type { ConsentRecords, ConsentRecordsPage, ConsentRecordView, EventState } from './consent-record-view.js';

/** What a person has decided and which words were shown, also long after the contact is erased. */
@Injectable()
export class ListConsentRecords {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string, { limit, after }: ConsentRecordsPage): Promise<ConsentRecords> {
    return inTenant(this.db, tenantId, async (tx) => {
      await requireKnown(tx, tenantId, contactId);
      const { tenant } = await loadPolicy(tx, tenantId);
      const rows = await recordsOf(tx, { tenantId, contactId, after: after ?? null, limit: limit + 1 });
      const controller = { party_id: tenantId, party_name: tenant.name, party_contact: tenant.privacyContact };
      const items = rows.slice(0, limit).map((row) => viewOf(row, contactId, controller));
      return rows.length > limit ? { items, next: items.at(-1)?.record_id } : { items };
    });
  }
}

/** The subject row is there before the contact and stays after it. */
async function requireKnown(tx: EntityManager, tenantId: string, contactId: string): Promise<void> {
  const subjects: unknown[] = await tx.query('SELECT 1 FROM subject WHERE contact_id = $1 AND tenant_id = $2', [
    contactId,
    tenantId,
  ]);
  if (subjects.length === 0) throw unknown();
}

interface Row {
  readonly id: string;
  readonly emailId: string;
  readonly at: Date;
  readonly how: 'form' | 'one-click';
  readonly state: EventState;
  readonly language: string;
  readonly version: number;
  readonly text: string;
  readonly hash: string;
}

interface Wanted {
  readonly tenantId: string;
  readonly contactId: string;
  readonly after: string | null;
  readonly limit: number;
}

/** A no after a yes withdraws it: whether a record does depends on the one before, so pages are cut afterwards. */
function recordsOf(tx: EntityManager, { tenantId, contactId, after, limit }: Wanted): Promise<Row[]> {
  return tx.query(
    `SELECT record.id, email_id AS "emailId", record.at, how, hash, language, version, text,
       CASE WHEN decision = 'opted-in' THEN 'given' WHEN before = 'opted-in' THEN 'withdrawn' ELSE 'refused' END AS state
     FROM (SELECT *, lag(decision) OVER (ORDER BY at, id) AS before FROM consent_record
           WHERE contact_id = $1 AND tenant_id = $2) record
     JOIN consent_text ON hash = text_hash
     WHERE $3::uuid IS NULL OR (record.at, record.id) >
       (SELECT last.at, last.id FROM consent_record last WHERE last.id = $3 AND last.contact_id = $1 AND last.tenant_id = $2)
     ORDER BY record.at, record.id LIMIT $4`,
    [contactId, tenantId, after, limit],
  );
}

function viewOf(row: Row, contactId: string, controller: ConsentRecordView['pii_controller']): ConsentRecordView {
  const { text, version, hash } = row;
  return {
    schema_version: 'ISO/IEC TS 27560:2023',
    record_id: row.id,
    pii_principal_id: contactId,
    pii_controller: controller,
    purpose: 'recruiting',
    lawful_basis: 'consent',
    language: row.language,
    privacy_notice: { text, version, hash },
    event_time: row.at,
    event_type: 'explicit',
    event_state: row.state,
    collection_method: row.how,
    email_id: row.emailId,
  };
}
