import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  beginSpan,
  failPoint,
  inEveryTenant,
  isSurroundingsError,
  runWithBatchTrace,
  safeError,
  SafeMessageError,
} from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ApplyInputs } from '../enrolment/apply-inputs.js';
import type { AddressedInput } from '../enrolment/fold-inputs.js';
import { type ClaimTerms, claimTimers, type DueTimer, putOff } from './claim-timers.js';
import { MeasureTimers } from './measure-timers.js';

const CHUNK = 2_000;
const LOOK_EVERY_MS = 1_000;
/** Nobody minds less; more is counted, and shown with the workflow. */
const LATE_AFTER_SECONDS = 60;
/** So few that it takes seconds, on a slow database too. */
const ONE_BY_ONE = 100;
/** Until one that cannot fire is tried again. */
const PUT_OFF_SECONDS = 600;

/** A fault of ours, not of a timer: all wait where they are, and TimersLate tells. */
export class EveryTimerFailed extends SafeMessageError {
  constructor(count: number) {
    super(
      `All ${count} timers of a chunk failed, of several clients; none was put off. The service waits for a repair.`,
    );
  }
}

/**
 * Fires due timers: the change of the enrolment and the message it sends are one transaction, so a process that dies at any
 * point changes nothing but time. What is late fires all the same and is counted. The row is the timer. Two transactions at
 * once take them from either end, so that what falls due now need not wait for the end of somebody's million. One that cannot
 * fire is logged, counted and put off; the others of its chunk fire.
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
    private readonly measured: MeasureTimers,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'timers', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Fires a chunk of due timers from either end; 'more' when there may be others. */
  async execute(): Promise<PumpResult> {
    const ends = await Promise.allSettled([this.fire('longest-due'), this.fire('latest-due')]);
    const broken = ends.find((end) => end.status === 'rejected');
    if (broken) throw broken.reason;
    const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    if (done.every(({ due }) => due === 0)) {
      this.tell();
      return 'idle';
    }
    for (const { fired } of done) {
      this.fired += fired.length;
      this.late += fired.filter(({ late }) => late).length;
    }
    return 'more';
  }

  private async fire(first: ClaimTerms['first']): Promise<Fired> {
    try {
      return await this.fireChunk({ first, limit: CHUNK }, async (tx, due) => {
        await this.inputs.applyLocked(tx, due.map(inputOf));
        return due;
      });
    } catch (error) {
      if (isSurroundingsError(error)) throw error;
      this.logger.warn({ msg: 'a chunk of timers failed and some are fired one by one', error: safeError(error) });
      const done = await this.fireChunk({ first, limit: ONE_BY_ONE }, (tx, due) => this.fireOneByOne(tx, due));
      this.measured.putOff(done.due - done.fired.length);
      return done;
    }
  }

  /** Returns those that were due; counts those that fired. */
  private fireChunk(
    terms: Pick<ClaimTerms, 'first' | 'limit'>,
    work: (tx: EntityManager, due: readonly DueTimer[]) => Promise<readonly DueTimer[]>,
  ): Promise<Fired> {
    return inEveryTenant(this.db, async (tx) => {
      const due = await claimTimers(tx, { ...terms, lateAfterSeconds: LATE_AFTER_SECONDS });
      if (due.length > 0) failPoint('timer.claimed');
      const fired = await inTracesOf(due, () => work(tx, due));
      if (due.length > 0) failPoint('timer.fired');
      return { due: due.length, fired };
    });
  }

  private async fireOneByOne(tx: EntityManager, due: readonly DueTimer[]): Promise<readonly DueTimer[]> {
    const failed = new Set<DueTimer>();
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
        failed.add(timer);
      }
    }
    const tenants = new Set(due.map(({ tenantId }) => tenantId));
    if (failed.size === due.length && tenants.size > 1) throw new EveryTimerFailed(due.length);
    if (failed.size > 0) await putOff(tx, [...failed], PUT_OFF_SECONDS);
    return due.filter((timer) => !failed.has(timer));
  }

  /** One line for a burst, however many chunks it took. */
  private tell(): void {
    if (this.fired > 0) this.logger.log({ msg: 'timers fired', fired: this.fired, late: this.late });
    this.fired = 0;
    this.late = 0;
  }
}

interface Fired {
  readonly due: number;
  readonly fired: readonly DueTimer[];
}

const inputOf = ({ tenantId, contactId, enrolmentId, late }: DueTimer): AddressedInput => ({
  tenantId,
  contactId,
  enrolmentId,
  input: { kind: 'timer-fired', late },
});

/** Days may have passed since a timer was set: what it does is a trace of its own, which says what it follows from. */
async function inTracesOf<T>(due: readonly DueTimer[], work: () => Promise<T>): Promise<T> {
  const spans = due.map(({ traceparent }) => beginSpan({ name: 'fire timer', kind: 'consumer', follows: traceparent }));
  const traces = due.map(({ contactId, enrolmentId }, n) => [contactId, spans[n]?.traceparent, enrolmentId] as const);
  const done = await runWithBatchTrace(traces, work);
  for (const span of spans) span?.end();
  return done;
}
