import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { NotFound } from '#service';
import type { Waiting } from '../expunge/waiting.decision.js';
import type { RequestDetails } from './request-details.js';
import { REQUEST_COLUMNS, type RequestRow, toSummary } from './request-summary.js';

/** One request of a tenant with all its evidence; another tenant's is not found. */
@Injectable()
export class ShowRequest {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, expungeId: string): Promise<RequestDetails> {
    const [row]: (RequestRow & { waiting: Waiting | null })[] = await inTenant(this.db, tenantId, (tx) =>
      tx.query(`SELECT ${REQUEST_COLUMNS}, waiting FROM expunge_request WHERE expunge_id = $1 AND tenant_id = $2`, [
        expungeId,
        tenantId,
      ]),
    );
    if (!row) throw new NotFound();
    const { participants, askedTimes, askAgainAt, waiting } = row;
    const { skippedRuns = [], skippedTimes = 0 } = waiting ?? {};
    return Object.assign(toSummary(row), { participants, askedTimes, askAgainAt, skippedRuns, skippedTimes });
  }
}
