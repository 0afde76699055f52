import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { beginSpan, failPoint, inEveryTenant, runWithBatchTrace } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ApplyInputs } from '../enrolment/apply-inputs.js';
import { type ClaimTerms, claimTimers, type DueTimer } from './claim-timers.js';

const CHUNK = 2_000;
const LOOK_EVERY_MS = 1_000;
/** Nobody minds less; more is counted, and shown with the workflow. */
const LATE_AFTER_SECONDS = 60;

/**
 * Fires due timers: the change of the enrolment and the message it sends are one transaction, so a process that dies at any
 * point changes nothing but time. What is late fires all the same and is counted. The row is the timer. Two transactions at
 * once take them from either end, so that what falls due now need not wait for the end of somebody's million.
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
    return inEveryTenant(this.db, async (tx) => {
      const due = await claimTimers(tx, { limit: CHUNK, first, lateAfterSeconds: LATE_AFTER_SECONDS });
      if (due.length > 0) failPoint('timer.claimed');
      const inputs = due.map(({ tenantId, contactId, enrolmentId, late }) => {
        return { tenantId, contactId, enrolmentId, input: { kind: 'timer-fired' as const, late } };
      });
      await inTracesOf(due, () => this.inputs.applyLocked(tx, inputs));
      if (due.length > 0) failPoint('timer.fired');
      return due;
    });
  }

  /** One line for a burst, however many chunks it took. */
  private tell(): void {
    if (this.fired > 0) this.logger.log({ msg: 'timers fired', fired: this.fired, late: this.late });
    this.fired = 0;
    this.late = 0;
  }
}

/** Days may have passed since a timer was set: what it does is a trace of its own, which says what it follows from. */
async function inTracesOf(due: readonly DueTimer[], work: () => Promise<unknown>): Promise<void> {
  const spans = due.map(({ traceparent }) => beginSpan({ name: 'fire timer', kind: 'consumer', follows: traceparent }));
  const traces = due.map(({ contactId, enrolmentId }, n) => [contactId, spans[n]?.traceparent, enrolmentId] as const);
  await runWithBatchTrace(traces, work);
  for (const span of spans) span?.end();
}
