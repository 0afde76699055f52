import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsBoolean, IsDate, IsInt, IsString, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Example, Optional } from '#service';
import { loadSummary } from '../workflows/load-workflow.js';
import type { EnrolmentStateName } from './enrolment-state.process.js';
import { lookUpByKey } from './look-up-by-key.js';

/** How many enrolments one page looks at, at most, to find those that are undeliverable. */
const LOOK_AT = 5_000;
const COUNT_AT_MOST = 20_000;

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
  countedAll: true,
  lateTimers: 0,
  undeliverable: [],
})
export class Enrolments {
  /** On the first page only. */
  @Optional() @ValidateNested() @Type(() => EnrolmentCounts) counts?: EnrolmentCounts;
  /** False when the workflow has more enrolments than are counted. */
  @Optional() @IsBoolean() countedAll?: boolean;
  /** Timers of those counted that fired more than a minute late, since the workflow began. */
  @Optional() @IsInt() lateTimers?: number;
  @ValidateNested({ each: true }) @Type(() => Undeliverable) undeliverable: Undeliverable[];
  /** To be given as `after` for the next page of the undeliverable; absent on the last one. A page may be short, or empty, and have one. */
  @Optional() @IsUUID() next?: string;
}

/**
 * How many contacts of a workflow are where, and which ones a person has to decide about. Of all its versions. Every page is
 * one walk along one index, in the order of the ids, and looks at no more than a set number of enrolments. An index of the
 * undeliverable would be smaller to walk, and have every enrolment that changes its state written to all indexes.
 */
@Injectable()
export class CountEnrolments {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, workflowId: string, page: UndeliverablePage): Promise<Enrolments> {
    return inTenant(this.db, tenantId, async (tx) => {
      await loadSummary(tx, tenantId, workflowId);
      await lookUpByKey(tx);
      return {
        ...(page.after === undefined ? await countStates(tx, workflowId) : {}),
        ...(await pageOfUndeliverable(tx, workflowId, page)),
      };
    });
  }
}

async function countStates(
  tx: EntityManager,
  workflowId: string,
): Promise<Pick<Enrolments, 'counts' | 'countedAll' | 'lateTimers'>> {
  const rows: { state: EnrolmentStateName; count: number; late: number; more: boolean }[] = await tx.query(
    `SELECT state, count(*) FILTER (WHERE n <= $2)::int AS count, sum(late_timers) FILTER (WHERE n <= $2)::int AS late,
       bool_or(n > $2) AS more
     FROM (
       SELECT state, late_timers, row_number() OVER (ORDER BY id) AS n
       FROM enrolment WHERE workflow_id = $1 ORDER BY id LIMIT $2::int + 1
     ) AS looked_at GROUP BY state`,
    [workflowId, COUNT_AT_MOST],
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
  const lateTimers = rows.reduce((sum, { late }) => sum + late, 0);
  return { counts, countedAll: !rows.some(({ more }) => more), lateTimers };
}

async function pageOfUndeliverable(
  tx: EntityManager,
  workflowId: string,
  { limit, after }: UndeliverablePage,
): Promise<Pick<Enrolments, 'undeliverable' | 'next'>> {
  const rows: (Undeliverable & { listed: boolean; last: boolean })[] = await tx.query(
    `SELECT id AS "enrolmentId", contact_id AS "contactId", coalesce(reason, '') AS reason, changed_at AS since,
       state = 'undeliverable' AS listed, n = $3 AS last
     FROM (
       SELECT *, row_number() OVER (ORDER BY id) AS n
       FROM enrolment WHERE workflow_id = $1 AND id > $2 ORDER BY id LIMIT $3
     ) AS looked_at
     WHERE state = 'undeliverable' OR n = $3 ORDER BY id LIMIT $4`,
    [workflowId, after ?? FIRST_ID, LOOK_AT, limit + 1],
  );
  const found = rows.filter(({ listed }) => listed);
  const undeliverable = found
    .slice(0, limit)
    .map(({ enrolmentId, contactId, reason, since }) => ({ enrolmentId, contactId, reason, since }));
  const lastLookedAt = rows.find(({ last }) => last)?.enrolmentId;
  const next = found.length > limit ? undeliverable.at(-1)?.enrolmentId : lastLookedAt;
  return next === undefined ? { undeliverable } : { undeliverable, next };
}

/** Before every id that is ever given. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
