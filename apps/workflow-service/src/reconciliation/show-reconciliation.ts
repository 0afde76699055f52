import { Injectable } from '@nestjs/common';
import { IsDate, IsInt } from 'class-validator';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Example, OrNull } from '#service';

/** What was found amiss with a client's enrolments since they began, and repaired. All zero is as it should be. */
@Example({
  lastRunAt: '2026-11-02T10:00:00.000Z',
  timersRestored: 0,
  timersRemoved: 0,
  askedAgain: 0,
  unknownMails: 0,
})
export class Reconciliation {
  /** Null before the first one. */
  @OrNull() @IsDate() lastRunAt: Date | null;
  /** Enrolments that waited for nothing. */
  @IsInt() timersRestored: number;
  /** Timers that nobody waited for. */
  @IsInt() timersRemoved: number;
  /** Mails and removals without an outcome after a day; each time they are asked for again counts. */
  @IsInt() askedAgain: number;
  /** Outcomes of mails that ask to opt in, to contacts that have no enrolment here. */
  @IsInt() unknownMails: number;
}

/** What the last comparison of enrolments, timers and mails has found. */
@Injectable()
export class ShowReconciliation {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string): Promise<Reconciliation> {
    return inTenant(this.db, tenantId, async (tx) => {
      const [row]: Reconciliation[] = await tx.query(
        `SELECT r.last_run_at AS "lastRunAt", coalesce(r.timers_restored, 0) AS "timersRestored",
           coalesce(r.timers_removed, 0) AS "timersRemoved", coalesce(r.asked_again, 0) AS "askedAgain",
           coalesce(r.unknown_mails, 0) AS "unknownMails"
         FROM (SELECT $1::uuid AS tenant_id) AS t LEFT JOIN reconciliation r USING (tenant_id)`,
        [tenantId],
      );
      return row!;
    });
  }
}
