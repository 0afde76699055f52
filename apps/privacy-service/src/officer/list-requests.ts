import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { WAITING_FOR, type WaitingFor } from '#contracts';
import { inTenant } from '#messaging';
import { Optional, Rejection } from '#service';
import { EXPUNGE_STATES, type ExpungeStateName } from '../expunge/expunge-state.process.js';
import { REQUEST_COLUMNS, type RequestRow, RequestSummary, toSummary } from './request-summary.js';

const FLAG = ['true', 'false'] as const;

export class RequestFilter {
  @IsOptional() @IsIn(EXPUNGE_STATES) state?: ExpungeStateName;
  /** Those that wait to begin, for this among other things. */
  @IsOptional() @IsIn(WAITING_FOR) waitingFor?: WaitingFor;
  @IsOptional() @IsIn(FLAG) refused?: string;
  @IsOptional() @IsIn(FLAG) overdue?: string;
  @IsOptional() @IsIn(FLAG) confirmationFailed?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @IsOptional() @IsUUID() cursor?: string;
}

export class RequestPage {
  @ValidateNested({ each: true }) @Type(() => RequestSummary) items: RequestSummary[];
  /** Absent on the last page. */
  @Optional() @IsUUID() next?: string;
}

/** The requests of a tenant, newest first. Requests that arrive while somebody pages do not shift the pages. */
@Injectable()
export class ListRequests {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, filter: RequestFilter): Promise<RequestPage> {
    const { limit } = filter;
    const rows = await inTenant(this.db, tenantId, async (tx) => {
      if (filter.cursor !== undefined) await refuseForeignCursor(tx, tenantId, filter.cursor);
      return matching(tx, tenantId, filter);
    });
    const items = rows.slice(0, limit).map(toSummary);
    return rows.length > limit ? { items, next: items.at(-1)!.expungeId } : { items };
  }
}

/** One more than the page has, so that the end of the list is seen. */
function matching(tx: EntityManager, tenantId: string, filter: RequestFilter): Promise<RequestRow[]> {
  const { state, waitingFor, refused, overdue, confirmationFailed, limit, cursor } = filter;
  return tx.query(
    `SELECT ${REQUEST_COLUMNS} FROM expunge_request
     WHERE tenant_id = $1
       AND ($2::text IS NULL OR state = $2)
       AND ($3::boolean IS NULL OR refused = $3)
       AND ($4::boolean IS NULL OR overdue = $4)
       AND ($5::boolean IS NULL OR confirmation_failed = $5)
       AND ($6::uuid IS NULL OR (received_at, expunge_id) <
         (SELECT received_at, expunge_id FROM expunge_request WHERE expunge_id = $6))
       AND ($7::text IS NULL OR (state = 'waiting' AND waiting->'waitingFor' @> to_jsonb($7::text)))
     ORDER BY received_at DESC, expunge_id DESC LIMIT $8`,
    [tenantId, state, refused, overdue, confirmationFailed, cursor, waitingFor, limit + 1],
  );
}

async function refuseForeignCursor(tx: EntityManager, tenantId: string, cursor: string): Promise<void> {
  const known: unknown[] = await tx.query('SELECT 1 FROM expunge_request WHERE expunge_id = $1 AND tenant_id = $2', [
    cursor,
    tenantId,
  ]);
  if (known.length === 0) throw new Rejection('unknown-cursor', 'The cursor is not one of this list.', 422);
}
