import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Rejection } from '../errors.js';
import { Example, OrNull } from '../openapi/decorators.js';
import { PlainText } from '../text-rules.js';
import { Optional } from '../validation.js';

const IN_UTC = /T\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
const A_MOMENT = { message: 'must be a moment in UTC such as 2026-11-02T09:30:00Z' };

export class AuditFilter {
  /** `hold.placed`, or of a refused attempt its route: `DELETE /v1/account`. */
  @Optional() @PlainText(200) action?: string;
  /** Id of what it was done to. */
  @Optional() @PlainText(200) target?: string;
  @Optional() @IsISO8601({ strict: true }, A_MOMENT) @Matches(IN_UTC, A_MOMENT) from?: string;
  /** Not included. */
  @Optional() @IsISO8601({ strict: true }, A_MOMENT) @Matches(IN_UTC, A_MOMENT) to?: string;
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @Matches(/^\d{1,18}$/) cursor?: string;
}

@Example({
  seq: 4711,
  at: '2026-11-02T09:30:00.000Z',
  actor: 'petra',
  action: 'hold.placed',
  target: '01932f6e-7a10-7c3e-8f52-9b1d4e6a7c80',
  outcome: 'done',
  detail: {},
})
export class AuditEntryView {
  @IsInt() seq: number;
  @IsISO8601() at: string;
  /** Subject of the token; `candidate`, `link-holder` and `system` stand for themselves. */
  @IsString() actor: string;
  @IsString() action: string;
  @OrNull() @IsString() target: string | null;
  @IsIn(['done', 'refused']) outcome: string;
  @IsObject() detail: Record<string, unknown>;
}

export class AuditPage {
  @IsArray() @ValidateNested({ each: true }) @Type(() => AuditEntryView) items: AuditEntryView[];
  /** Absent on the last page. */
  @Optional() @IsString() next?: string;
}

/** The audit log of a tenant, newest first; by keyset, so that what is added meanwhile shifts no page. */
@Injectable()
export class ListAuditEntries {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, filter: AuditFilter): Promise<AuditPage> {
    const rows = await inTenant(this.db, tenantId, (tx) => find(tx, tenantId, filter));
    const items = rows
      .slice(0, filter.limit)
      .map((row) => ({ ...row, seq: Number(row.seq), at: row.at.toISOString() }));
    return rows.length > filter.limit ? { items, next: String(items.at(-1)!.seq) } : { items };
  }
}

type Row = Omit<AuditEntryView, 'seq' | 'at'> & { readonly seq: string; readonly at: Date };

async function find(tx: EntityManager, tenantId: string, filter: AuditFilter): Promise<Row[]> {
  const { action, target, from, to, limit, cursor } = filter;
  if (cursor !== undefined) await refuseForeignCursor(tx, tenantId, cursor);
  return tx.query(
    `SELECT seq, at, actor, action, target, outcome, detail FROM audit_log
     WHERE tenant_id = $1
       AND ($2::text IS NULL OR action = $2)
       AND ($3::text IS NULL OR target = $3)
       AND ($4::timestamptz IS NULL OR at >= $4)
       AND ($5::timestamptz IS NULL OR at < $5)
       AND ($6::bigint IS NULL OR (at, seq) < (SELECT at, seq FROM audit_log WHERE seq = $6))
     ORDER BY at DESC, seq DESC LIMIT $7`,
    [tenantId, action, target, from, to, cursor, limit + 1],
  );
}

async function refuseForeignCursor(tx: EntityManager, tenantId: string, cursor: string): Promise<void> {
  const known: unknown[] = await tx.query('SELECT 1 FROM audit_log WHERE seq = $1 AND tenant_id = $2', [
    cursor,
    tenantId,
  ]);
  if (known.length === 0) throw new Rejection('unknown-cursor', 'The cursor is not one of this list.', 422);
}
