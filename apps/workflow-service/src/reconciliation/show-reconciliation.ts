import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Example, Optional, OrNull } from '#service';
import { FOUND, type Found } from './count-found.js';

export class FindingsPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @Type(() => Number) @IsInt() @Min(1) before?: number;
}

/** Something that was found amiss, by its ids. */
export class Finding {
  /** Grows with each new one. */
  @IsInt() id: number;
  @IsIn(FOUND) kind: Found;
  @IsUUID() contactId: string;
  /** Null where there is none. */
  @OrNull() @IsUUID() enrolmentId: string | null;
  @IsInt() times: number;
  @IsDate() firstAt: Date;
  @IsDate() lastAt: Date;
}

/** What was found amiss with a client's enrolments since they began, and repaired. All zero is as it should be. */
@Example({
  lastRunAt: '2026-11-02T10:00:00.000Z',
  timersRestored: 0,
  timersRemoved: 0,
  askedAgain: 0,
  outcomesRestored: 0,
  unknownMails: 0,
  findings: [],
})
export class Reconciliation {
  /** Null before the first one. */
  @OrNull() @IsDate() lastRunAt: Date | null;
  /** Enrolments that waited for nothing. */
  @IsInt() timersRestored: number;
  /** Timers that nobody waited for. */
  @IsInt() timersRemoved: number;
  /** Mails without a word for a day after they were asked for once more, and removals without one; each time counts. */
  @IsInt() askedAgain: number;
  /** Fates of mails that were known to contact-service and had not been heard. */
  @IsInt() outcomesRestored: number;
  /** Outcomes of mails that ask to opt in, to contacts that have no enrolment here. */
  @IsInt() unknownMails: number;
  /** What it was, newest first; kept for 90 days, or until the contact is erased. */
  @ValidateNested({ each: true }) @Type(() => Finding) findings: Finding[];
  /** To be given as `before` for the next page; absent on the last one. */
  @Optional() @IsInt() next?: number;
}

/** What the comparison of enrolments, timers and mails has found, and with whom. */
@Injectable()
export class ShowReconciliation {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, page: FindingsPage): Promise<Reconciliation> {
    return inTenant(this.db, tenantId, async (tx) => ({
      ...(await countsOf(tx, tenantId)),
      ...(await findingsOf(tx, tenantId, page)),
    }));
  }
}

async function countsOf(tx: EntityManager, tenantId: string): Promise<Omit<Reconciliation, 'findings' | 'next'>> {
  const [row]: Reconciliation[] = await tx.query(
    `SELECT r.last_run_at AS "lastRunAt", coalesce(r.timers_restored, 0) AS "timersRestored",
       coalesce(r.timers_removed, 0) AS "timersRemoved", coalesce(r.asked_again, 0) AS "askedAgain",
       coalesce(r.outcomes_restored, 0) AS "outcomesRestored", coalesce(r.unknown_mails, 0) AS "unknownMails"
     FROM (SELECT $1::uuid AS tenant_id) AS t LEFT JOIN reconciliation r USING (tenant_id)`,
    [tenantId],
  );
  return row!;
}

async function findingsOf(
  tx: EntityManager,
  tenantId: string,
  { limit, before }: FindingsPage,
): Promise<Pick<Reconciliation, 'findings' | 'next'>> {
  const rows: Finding[] = await tx.query(
    `SELECT id::int, kind, contact_id AS "contactId", enrolment_id AS "enrolmentId", times, first_at AS "firstAt",
       last_at AS "lastAt"
     FROM finding WHERE tenant_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [tenantId, before ?? null, limit + 1],
  );
  const findings = rows.slice(0, limit);
  return rows.length > limit ? { findings, next: findings.at(-1)!.id } : { findings };
}
