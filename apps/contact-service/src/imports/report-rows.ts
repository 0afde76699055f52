import type { EntityManager } from 'typeorm';
import type { Position } from './import-position.js';

/** What became of a row; without a reason it was imported. */
export interface ReportRow {
  readonly no: number;
  readonly reason?: string;
  /** Said behind the reason, in the report only: it would make counts by reason as many as there are days. */
  readonly until?: string;
  readonly contactId?: string;
  readonly addressHash?: string;
  /** As it stood in the file; absent where nothing of it may be kept. */
  readonly record?: readonly string[];
}

export async function insertReportRows(tx: EntityManager, of: Position, rows: readonly ReportRow[]): Promise<void> {
  await tx.query(
    `INSERT INTO import_row (import_id, tenant_id, row_no, contact_id, address_hash, status, reason, fields)
     SELECT $1, $2, no, contact_id, address_hash, CASE WHEN reason IS NULL THEN 'imported' ELSE 'rejected' END, reason,
       fields::json
     FROM unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[])
       AS row (no, contact_id, address_hash, reason, fields)`,
    [
      of.id,
      of.tenantId,
      rows.map(({ no }) => no),
      rows.map(({ contactId }) => contactId),
      rows.map(({ addressHash }) => addressHash),
      rows.map(({ reason, until }) => (until === undefined ? reason : `${reason}:${until}`)),
      rows.map(({ record }) => record && JSON.stringify(record)),
    ],
  );
}
