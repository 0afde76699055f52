import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { stringify } from 'csv-stringify';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Gone, Optional } from '#service';
import { ContactConfig } from '../config.js';
import { findImport } from './find-import.js';
import type { Import } from './import.js';

export class ReportQuery {
  /** Only the rows that were refused, to be mended and uploaded again. */
  @Optional() @IsIn(['rejected']) only?: 'rejected';
}

const ROWS = 1_000;
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

  private async *rowsOf({ id, tenantId, columns }: Import, only?: 'rejected'): AsyncGenerator<string[]> {
    for (let after = 0; ;) {
      const rows = await inTenant(this.db, tenantId, (tx): Promise<ReportRow[]> =>
        tx.query(
          `SELECT row_no, status, reason, fields FROM import_row
           WHERE import_id = $1 AND tenant_id = $2 AND row_no > $3 AND ($4::text IS NULL OR status = $4)
           ORDER BY row_no LIMIT $5`,
          [id, tenantId, after, only ?? null, ROWS],
        ),
      );
      for (const { row_no, status, reason, fields } of rows) {
        yield [...(fields ?? columns.map(() => '')), status, reason ?? '', String(row_no)];
      }
      const last = rows.at(-1);
      if (!last) return;
      after = last.row_no;
    }
  }
}

/** A file may have columns of these names, for example when it is a report itself. */
function freeName(name: string, taken: readonly string[]): string {
  const names = new Set(taken.map((column) => column.trim().toLowerCase()));
  let free = name;
  while (names.has(free)) free = `import_${free}`;
  return free;
}
