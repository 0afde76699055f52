import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { DataSource } from 'typeorm';
import { Rejection } from '#service';
import { EXPUNGE_STATES, type ExpungeStateName } from '../expunge/expunge.process.js';
import { REQUEST_COLUMNS, type RequestRow, type RequestSummary, toSummary } from './request-summary.js';

const FLAG = ['true', 'false'] as const;

export class RequestFilter {
  @IsOptional() @IsIn(EXPUNGE_STATES) state?: ExpungeStateName;
  @IsOptional() @IsIn(FLAG) refused?: string;
  @IsOptional() @IsIn(FLAG) overdue?: string;
  @IsOptional() @IsIn(FLAG) confirmationFailed?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @IsOptional() @IsUUID() cursor?: string;
}

export interface RequestPage {
  readonly items: readonly RequestSummary[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** The requests of a tenant, newest first. Requests that arrive while somebody pages do not shift the pages. */
@Injectable()
export class ListRequests {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, filter: RequestFilter): Promise<RequestPage> {
    const { state, refused, overdue, confirmationFailed, limit, cursor } = filter;
    if (cursor !== undefined) await this.refuseForeignCursor(tenantId, cursor);
    const rows: RequestRow[] = await this.db.query(
      `SELECT ${REQUEST_COLUMNS} FROM expunge_request
       WHERE tenant_id = $1
         AND ($2::text IS NULL OR state = $2)
         AND ($3::boolean IS NULL OR refused = $3)
         AND ($4::boolean IS NULL OR overdue = $4)
         AND ($5::boolean IS NULL OR confirmation_failed = $5)
         AND ($6::uuid IS NULL OR (received_at, expunge_id) <
           (SELECT received_at, expunge_id FROM expunge_request WHERE expunge_id = $6))
       ORDER BY received_at DESC, expunge_id DESC LIMIT $7`,
      [tenantId, state, refused, overdue, confirmationFailed, cursor, limit + 1],
    );
    const items = rows.slice(0, limit).map(toSummary);
    return rows.length > limit ? { items, next: items.at(-1)!.expungeId } : { items };
  }

  private async refuseForeignCursor(tenantId: string, cursor: string): Promise<void> {
    const known: unknown[] = await this.db.query(
      'SELECT 1 FROM expunge_request WHERE expunge_id = $1 AND tenant_id = $2',
      [cursor, tenantId],
    );
    if (known.length === 0) throw new Rejection('unknown-cursor', 'The cursor is not one of this list.', 422);
  }
}
