import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { beginSpan, failPoint, inEveryTenant, isSurroundingsError, runWithBatchTrace, safeError } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ApplyInputs } from '../enrolment/apply-inputs.js';
import type { AddressedInput } from '../enrolment/fold-inputs.js';
import { type ClaimTerms, claimTimers, type DueTimer, putOff } from './claim-timers.js';

const CHUNK = 2_000;
const LOOK_EVERY_MS = 1_000;
/** Nobody minds less; more is counted, and shown with the workflow. */
const LATE_AFTER_SECONDS = 60;
/** Until one that cannot fire is tried again. */
const PUT_OFF_SECONDS = 3_600;

/**
 * Fires due timers: the change of the enrolment and the message it sends are one transaction, so a process that dies at any
 * point changes nothing but time. What is late fires all the same and is counted. The row is the timer. Two transactions at
 * once take them from either end, so that what falls due now need not wait for the end of somebody's million. One that cannot
 * fire is logged and put off; the others of its chunk fire.
 */
@Injectable()
export class FireTimers implements OnModuleInit {
  private readonly logger = new Logger('timers');
  private fired = 0;
  private late = 0;

  constructor(
    private readonly db: DataSource,
    private readonly inputs: ApplyInputs,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'timers', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Fires a chunk of due timers from either end; 'more' when there may be others. */
  async execute(): Promise<PumpResult> {
    const ends = await Promise.allSettled([this.fire('longest-due'), this.fire('latest-due')]);
    const broken = ends.find((end) => end.status === 'rejected');
    if (broken) throw broken.reason;
    const due = ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
    if (due.length === 0) {
      this.tell();
      return 'idle';
    }
    this.fired += due.length;
    this.late += due.filter(({ late }) => late).length;
    return 'more';
  }

  private async fire(first: ClaimTerms['first']): Promise<readonly DueTimer[]> {
    try {
      return await this.fireChunk(first, (tx, due) => this.inputs.applyLocked(tx, due.map(inputOf)));
    } catch (error) {
      if (isSurroundingsError(error)) throw error;
      this.logger.warn({ msg: 'a chunk of timers failed and is fired one by one', error: safeError(error) });
      return this.fireChunk(first, (tx, due) => this.fireOneByOne(tx, due));
    }
  }

  private fireChunk(
    first: ClaimTerms['first'],
    work: (tx: EntityManager, due: readonly DueTimer[]) => Promise<unknown>,
  ): Promise<readonly DueTimer[]> {
    return inEveryTenant(this.db, async (tx) => {
      const due = await claimTimers(tx, { limit: CHUNK, first, lateAfterSeconds: LATE_AFTER_SECONDS });
      if (due.length > 0) failPoint('timer.claimed');
      await inTracesOf(due, () => work(tx, due));
      if (due.length > 0) failPoint('timer.fired');
      return due;
    });
  }

  private async fireOneByOne(tx: EntityManager, due: readonly DueTimer[]): Promise<void> {
    const failed: DueTimer[] = [];
    for (const timer of due) {
      await tx.query('SAVEPOINT one_timer');
      try {
        await this.inputs.applyLocked(tx, [inputOf(timer)]);
        await tx.query('RELEASE SAVEPOINT one_timer');
      } catch (error) {
        if (isSurroundingsError(error)) throw error;
        await tx.query('ROLLBACK TO SAVEPOINT one_timer');
        const { tenantId, enrolmentId } = timer;
        this.logger.error({ msg: 'timer put off', tenantId, enrolmentId, error: safeError(error) });
        failed.push(timer);
      }
    }
    await putOff(tx, failed, PUT_OFF_SECONDS);
  }

  /** One line for a burst, however many chunks it took. */
  private tell(): void {
    if (this.fired > 0) this.logger.log({ msg: 'timers fired', fired: this.fired, late: this.late });
    this.fired = 0;
    this.late = 0;
  }
}

const inputOf = ({ tenantId, contactId, enrolmentId, late }: DueTimer): AddressedInput => ({
  tenantId,
  contactId,
  enrolmentId,
  input: { kind: 'timer-fired', late },
});

/** Days may have passed since a timer was set: what it does is a trace of its own, which says what it follows from. */
async function inTracesOf(due: readonly DueTimer[], work: () => Promise<unknown>): Promise<void> {
  const spans = due.map(({ traceparent }) => beginSpan({ name: 'fire timer', kind: 'consumer', follows: traceparent }));
  const traces = due.map(({ contactId, enrolmentId }, n) => [contactId, spans[n]?.traceparent, enrolmentId] as const);
  await runWithBatchTrace(traces, work);
  for (const span of spans) span?.end();
}
