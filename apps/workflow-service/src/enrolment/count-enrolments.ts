import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsDate, IsInt, IsString, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Example, Optional } from '#service';
import { loadSummary } from '../workflows/load-workflow.js';
import type { EnrolmentStateName } from './enrolment-state.process.js';

export class UndeliverablePage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

/** How many contacts are where on their way. */
export class EnrolmentCounts {
  /** For a mail to be accepted, or for the contact to answer. */
  @IsInt() waiting: number;
  /** Get no further mails, and wait for the end of the grace period. */
  @IsInt() declined: number;
  @IsInt() optedIn: number;
  /** Cannot be asked, so nobody removes them: a person decides. */
  @IsInt() undeliverable: number;
  @IsInt() stopped: number;
  /** Their removal was asked for. */
  @IsInt() expunging: number;
  @IsInt() ended: number;
}

/** A contact that cannot be asked, by its ids. */
@Example({
  enrolmentId: '5f0d8d1e-3b7a-5c21-9a44-6d2f1b0c9e77',
  contactId: '01932f6e-7a10-7c3e-8f52-9b1d4e6a7c80',
  reason: 'bounced',
  since: '2026-11-02T09:30:00.000Z',
})
export class Undeliverable {
  @IsUUID() enrolmentId: string;
  @IsUUID() contactId: string;
  /** A code: no-address, rejected, bounced, declined and so on. */
  @IsString() reason: string;
  @IsDate() since: Date;
}

@Example({
  counts: { waiting: 8_120, declined: 31, optedIn: 2_904, undeliverable: 1, stopped: 4, expunging: 0, ended: 12 },
  lateTimers: 0,
  undeliverable: [],
})
export class Enrolments {
  @ValidateNested() @Type(() => EnrolmentCounts) counts: EnrolmentCounts;
  /** Timers that fired more than a minute late, since the workflow began. */
  @IsInt() lateTimers: number;
  @ValidateNested({ each: true }) @Type(() => Undeliverable) undeliverable: Undeliverable[];
  /** To be given as `after` for the next page of the undeliverable; absent on the last one. */
  @Optional() @IsUUID() next?: string;
}

/** How many contacts of a workflow are where, and which ones a person has to decide about. Of all its versions. */
@Injectable()
export class CountEnrolments {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, workflowId: string, page: UndeliverablePage): Promise<Enrolments> {
    return inTenant(this.db, tenantId, async (tx) => {
      await loadSummary(tx, tenantId, workflowId);
      return { ...(await countStates(tx, workflowId)), ...(await pageOfUndeliverable(tx, workflowId, page)) };
    });
  }
}

async function countStates(tx: EntityManager, workflowId: string): Promise<Pick<Enrolments, 'counts' | 'lateTimers'>> {
  const rows: { state: EnrolmentStateName; count: number; late: number }[] = await tx.query(
    `SELECT state, count(*)::int AS count, sum(late_timers)::int AS late FROM enrolment WHERE workflow_id = $1 GROUP BY state`,
    [workflowId],
  );
  const of = new Map(rows.map((row) => [row.state, row.count]));
  const count = (state: EnrolmentStateName): number => of.get(state) ?? 0;
  const counts = {
    waiting: count('waiting'),
    declined: count('declined'),
    optedIn: count('opted-in'),
    undeliverable: count('undeliverable'),
    stopped: count('stopped'),
    expunging: count('expunging'),
    ended: count('ended'),
  };
  return { counts, lateTimers: rows.reduce((sum, { late }) => sum + late, 0) };
}

async function pageOfUndeliverable(
  tx: EntityManager,
  workflowId: string,
  { limit, after }: UndeliverablePage,
): Promise<Pick<Enrolments, 'undeliverable' | 'next'>> {
  const rows: Undeliverable[] = await tx.query(
    `SELECT id AS "enrolmentId", contact_id AS "contactId", coalesce(reason, '') AS reason, changed_at AS since
     FROM enrolment WHERE workflow_id = $1 AND state = 'undeliverable' AND ($2::uuid IS NULL OR id > $2)
     ORDER BY id LIMIT $3`,
    [workflowId, after ?? null, limit + 1],
  );
  const undeliverable = rows.slice(0, limit);
  return rows.length > limit ? { undeliverable, next: undeliverable.at(-1)?.enrolmentId } : { undeliverable };
}
