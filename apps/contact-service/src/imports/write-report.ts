import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { stringify } from 'csv-stringify';
import type { Response } from 'express';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Gone, Optional } from '#service';
import { ContactConfig } from '../config.js';
import { findImport } from './find-import.js';
import type { Import } from './import.js';

export class ReportQuery {
  /** Only the rows that were refused, to be mended and uploaded again. */
  @Optional() @IsIn(['rejected']) only?: 'rejected';
}

/** A page of rows is as many as these allow, and one row whatever its length: a row may be 1 MiB, and is held as a whole. */
export const PAGE_BYTES = 2 * 1_048_576;
const PAGE_ROWS = 1_000;
const FIRST_PAGE_ROWS = 16;
const OURS = ['status', 'reason', 'row'] as const;

interface ReportRow {
  readonly row_no: number;
  readonly status: string;
  readonly reason: string | null;
  readonly fields: string[] | null;
}

/**
 * Every row of an import with its original columns, and status, reason and number in the file behind them. What would be a
 * formula in a spreadsheet is marked as text. People who were removed since are not in it any more.
 */
@Injectable()
export class WriteReport {
  constructor(
    private readonly db: DataSource,
    private readonly config: ContactConfig,
  ) {}

  async execute(tenantId: string, id: string, { only }: ReportQuery, response: Response): Promise<void> {
    const of = await inTenant(this.db, tenantId, (tx) => findImport(tx, tenantId, id));
    if (this.isOver(of)) throw new Gone('report-gone', 'The report of this import has been deleted.');
    response.setHeader('Content-Type', 'text/csv; charset=utf-8');
    response.setHeader('Content-Disposition', `attachment; filename="import-${id}.csv"`);
    const columns = [...of.columns, ...OURS.map((name) => freeName(name, of.columns))];
    const lines = stringify({
      header: true,
      columns: columns.map((header, key) => ({ key: String(key), header })),
      escape_formulas: true,
    });
    await pipeline(this.rowsOf(of, only), lines, response).catch((error: NodeJS.ErrnoException) => {
      // Whoever was to get it has gone, which is no failure of ours.
      if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }

  private isOver({ endedAt, reportKept }: Import): boolean {
    if (!reportKept) return true;
    return endedAt !== null && endedAt.getTime() < Date.now() - this.config.IMPORT_REPORT_DAYS * 86_400_000;
  }

  private async *rowsOf(of: Import, only?: 'rejected'): AsyncGenerator<string[]> {
    for (let [after, atMost] = [0, FIRST_PAGE_ROWS]; ;) {
      const rows = await inTenant(this.db, of.tenantId, (tx) => pageOf(tx, of, { after, atMost, only }));
      for (const { row_no, status, reason, fields } of rows) {
        yield [...(fields ?? of.columns.map(() => '')), status, reason ?? '', String(row_no)];
      }
      const last = rows.at(-1);
      if (!last) return;
      after = last.row_no;
      // To add up their lengths the database reads them all: where rows are long these must be few.
      atMost = Math.min(2 * rows.length, PAGE_ROWS);
    }
  }
}

interface Page {
  readonly after: number;
  readonly atMost: number;
  readonly only?: 'rejected';
}

/** The next rows, in their order; none when there are no more. */
function pageOf(tx: EntityManager, { id, tenantId }: Import, { after, atMost, only }: Page): Promise<ReportRow[]> {
  return tx.query(
    `SELECT row_no, status, reason, fields FROM (
       SELECT *, row_number() OVER (ORDER BY row_no) AS n,
         sum(COALESCE(octet_length(fields::text), 0)) OVER (ORDER BY row_no) AS bytes
       FROM (SELECT row_no, status, reason, fields FROM import_row
         WHERE import_id = $1 AND tenant_id = $2 AND row_no > $3 AND ($4::text IS NULL OR status = $4)
         ORDER BY row_no LIMIT $5) AS next
     ) AS counted WHERE n = 1 OR bytes <= $6 ORDER BY row_no`,
    [id, tenantId, after, only ?? null, atMost, PAGE_BYTES],
  );
}

/** A file may have columns of these names, for example when it is a report itself. */
function freeName(name: string, taken: readonly string[]): string {
  const names = new Set(taken.map((column) => column.trim().toLowerCase()));
  let free = name;
  while (names.has(free)) free = `import_${free}`;
  return free;
}
