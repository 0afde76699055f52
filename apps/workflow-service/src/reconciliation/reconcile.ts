import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { WorkflowConfig } from '../config.js';
import { ApplyInputs } from '../enrolment/apply-inputs.js';
import type { Input } from '../enrolment/enrolment-state.process.js';
import { countFound, type Found } from './count-found.js';
import { claimSuspects, OVERDUE, removeLostTimers, type Suspect, WITHOUT_TIMER } from './find-suspects.js';

const CHUNK = 1_000;

/**
 * Compares enrolments, timers and what was asked for, and repairs what does not fit: an enrolment that waits for nothing gets
 * a timer, a timer that nobody waits for goes, and what has no outcome after a day is asked for again. None of it should
 * ever be found, so all of it is counted.
 */
@Injectable()
export class Reconcile implements OnModuleInit {
  private readonly logger = new Logger('reconciler');

  constructor(
    private readonly db: DataSource,
    private readonly inputs: ApplyInputs,
    private readonly pumps: Pumps,
    private readonly config: WorkflowConfig,
  ) {}

  onModuleInit(): void {
    const everyMs = this.config.RECONCILE_EVERY_SECONDS * 1_000;
    this.pumps.register({ name: 'reconciler', everyMs, run: () => this.execute() });
  }

  /** Looks once through everything, a chunk of each kind at most; 'more' when there may be others. */
  async execute(): Promise<PumpResult> {
    const found = [
      await this.inTransaction('timers_restored', (tx) => this.put(tx, WITHOUT_TIMER, { kind: 'timer-lost' })),
      await this.inTransaction('timers_removed', (tx) => removeLostTimers(tx, CHUNK)),
      await this.inTransaction('asked_again', (tx) => this.put(tx, OVERDUE, { kind: 'outcome-overdue' })),
    ];
    if (found.includes(CHUNK)) return 'more';
    await inEveryTenant(this.db, noteRun);
    return 'idle';
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
        repaired.map(({ tenantId }) => tenantId),
      );
      if (repaired.length > 0) this.logger.warn({ msg: 'repaired', found, count: repaired.length });
      return repaired.length;
    });
  }

  private async put(tx: EntityManager, condition: string, input: Input): Promise<readonly Suspect[]> {
    const suspects = await claimSuspects(tx, condition, CHUNK);
    await this.inputs.applyLocked(
      tx,
      suspects.map(({ tenantId, contactId, enrolmentId }) => ({ tenantId, contactId, enrolmentId, input })),
    );
    return suspects;
  }
}

/** When the last look was over, for every client that has workflows. */
async function noteRun(tx: EntityManager): Promise<void> {
  await tx.query(
    `INSERT INTO reconciliation (tenant_id, last_run_at) SELECT DISTINCT tenant_id, now() FROM workflow ORDER BY tenant_id
     ON CONFLICT (tenant_id) DO UPDATE SET last_run_at = EXCLUDED.last_run_at`,
  );
}
