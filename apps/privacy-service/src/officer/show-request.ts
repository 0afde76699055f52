import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotFound } from '#service';
import type { ParticipantState } from '../expunge/expunge.process.js';
import { REQUEST_COLUMNS, type RequestRow, type RequestSummary, toSummary } from './request-summary.js';

export interface RequestDetails extends RequestSummary {
  /** What each participant has proved, or why it refused; neither means that it has not answered. */
  readonly participants: readonly ParticipantState[];
  readonly askedTimes: number;
  readonly askAgainAt: Date | null;
}

/** One request of a tenant with all its evidence; another tenant's is not found. */
@Injectable()
export class ShowRequest {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, expungeId: string): Promise<RequestDetails> {
    const [row]: RequestRow[] = await this.db.query(
      `SELECT ${REQUEST_COLUMNS} FROM expunge_request WHERE expunge_id = $1 AND tenant_id = $2`,
      [expungeId, tenantId],
    );
    if (!row) throw new NotFound();
    const { participants, askedTimes, askAgainAt } = row;
    return { ...toSummary(row), participants, askedTimes, askAgainAt };
  }
}
