import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { WorkflowConfig } from '../config.js';
import { ApplyInputs } from '../enrolment/apply-inputs.js';
import type { Input } from '../enrolment/enrolment-state.process.js';
import { countFound, type Found } from './count-found.js';
import {
  claimSuspects,
  FIRST,
  LAST,
  nextSlice,
  OVERDUE,
  removeLostTimers,
  type Slice,
  type Suspect,
  WITHOUT_TIMER,
} from './find-suspects.js';

const SLICE_ENROLMENTS = 2_000;
const CHUNK = 1_000;
const KEPT_DAYS = 90;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Compares enrolments, timers and what was asked for, and repairs what does not fit: an enrolment that waits for nothing gets
 * a timer, a timer that nobody waits for goes, and what has no outcome after a day is asked for again. None of it should
 * ever be found, so all of it is counted; but a mail may wait in the send budget, and is only amiss when asking again brings
 * no word of it. Goes through the contacts in slices, so that no look takes long; when it is time again is written down, so
 * that neither restarts nor further instances begin anew.
 */
@Injectable()
export class Reconcile implements OnModuleInit {
  private readonly logger = new Logger('reconciler');
  private after = FIRST;

  constructor(
    private readonly db: DataSource,
    private readonly inputs: ApplyInputs,
    private readonly pumps: Pumps,
    private readonly config: WorkflowConfig,
  ) {}

  onModuleInit(): void {
    const everyMs = Math.min(this.config.RECONCILE_EVERY_SECONDS * 1_000, LONGEST_PAUSE_MS);
    this.pumps.register({ name: 'reconciler', everyMs, run: () => this.executeWhenDue() });
  }

  /** The next slice, unless all have been looked through less than RECONCILE_EVERY_SECONDS ago. */
  async executeWhenDue(): Promise<PumpResult> {
    const isDue = this.after !== FIRST || (await inEveryTenant(this.db, (tx) => this.isDue(tx)));
    return isDue ? this.execute() : 'idle';
  }

  /** Looks through the next slice, a chunk of each kind at most; 'more' until the last one is done. */
  async execute(): Promise<PumpResult> {
    const slice = await inEveryTenant(this.db, (tx) => nextSlice(tx, this.after, SLICE_ENROLMENTS));
    const found = [
      await this.inTransaction('timers_restored', (tx) => this.put(tx, slice, WITHOUT_TIMER, { kind: 'timer-lost' })),
      await this.inTransaction('timers_removed', (tx) => removeLostTimers(tx, slice, CHUNK)),
      await this.inTransaction('asked_again', (tx) => this.put(tx, slice, OVERDUE, { kind: 'outcome-overdue' })),
    ];
    if (found.includes(CHUNK)) return 'more';
    this.after = slice.upTo === LAST ? FIRST : slice.upTo;
    if (slice.upTo !== LAST) return 'more';
    await inEveryTenant(this.db, noteRun);
    return 'idle';
  }

  private async isDue(tx: EntityManager): Promise<boolean> {
    const [row]: { due: boolean }[] = await tx.query(
      `SELECT EXISTS (SELECT FROM workflow LEFT JOIN reconciliation r USING (tenant_id)
         WHERE coalesce(r.last_run_at, '-infinity') <= now() - $1 * interval '1 second') AS due`,
      [this.config.RECONCILE_EVERY_SECONDS],
    );
    return row!.due;
  }

  private async inTransaction(
    found: Found,
    repair: (tx: EntityManager) => Promise<readonly Suspect[]>,
  ): Promise<number> {
    return inEveryTenant(this.db, async (tx) => {
      const repaired = await repair(tx);
      await countFound(
        tx,
        found,
        repaired.filter(({ amiss }) => amiss),
      );
      if (repaired.length > 0) this.logger.warn({ msg: 'repaired', found, count: repaired.length });
      return repaired.length;
    });
  }

  private async put(tx: EntityManager, slice: Slice, condition: string, input: Input): Promise<readonly Suspect[]> {
    const suspects = await claimSuspects(tx, slice, condition, CHUNK);
    await this.inputs.applyLocked(
      tx,
      suspects.map(({ tenantId, contactId, enrolmentId }) => ({ tenantId, contactId, enrolmentId, input })),
    );
    return suspects;
  }
}

/** When the last look was over, for every client that has workflows; what was found long ago is forgotten. */
async function noteRun(tx: EntityManager): Promise<void> {
  await tx.query(
    `INSERT INTO reconciliation (tenant_id, last_run_at) SELECT DISTINCT tenant_id, now() FROM workflow ORDER BY tenant_id
     ON CONFLICT (tenant_id) DO UPDATE SET last_run_at = EXCLUDED.last_run_at`,
  );
  await tx.query(`DELETE FROM finding WHERE last_at < now() - interval '${KEPT_DAYS} days'`);
}
