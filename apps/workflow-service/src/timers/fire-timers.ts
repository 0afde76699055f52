import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { failPoint, inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ApplyInputs } from '../enrolment/apply-inputs.js';
import { claimTimers } from './claim-timers.js';

const CHUNK = 1_000;
/** One of so many chunks begins with what fell due last: it need not wait for the end of somebody's million. */
const LATEST_FIRST_EVERY = 5;
const LOOK_EVERY_MS = 1_000;
/** Nobody minds less; more is counted, and shown with the workflow. */
const LATE_AFTER_SECONDS = 60;

/**
 * Fires due timers: the change of the enrolment and the message it sends are one transaction, so a process that dies at any
 * point changes nothing but time. What is late fires all the same and is counted. The row is the timer.
 */
@Injectable()
export class FireTimers implements OnModuleInit {
  private readonly logger = new Logger('timers');
  private turn = 0;
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

  /** Fires one chunk of due timers; 'more' when there may be others. */
  async execute(): Promise<PumpResult> {
    this.turn += 1;
    const due = await inEveryTenant(this.db, async (tx) => {
      const first = this.turn % LATEST_FIRST_EVERY === 0 ? 'latest-due' : 'longest-due';
      const claimed = await claimTimers(tx, { limit: CHUNK, first, lateAfterSeconds: LATE_AFTER_SECONDS });
      if (claimed.length > 0) failPoint('timer.claimed');
      await this.inputs.applyLocked(
        tx,
        claimed.map(({ late, ...ids }) => ({ ...ids, input: { kind: 'timer-fired', late } })),
      );
      if (claimed.length > 0) failPoint('timer.fired');
      return claimed;
    });
    if (due.length === 0) {
      this.tell();
      return 'idle';
    }
    this.fired += due.length;
    this.late += due.filter(({ late }) => late).length;
    return 'more';
  }

  /** One line for a burst, however many chunks it took. */
  private tell(): void {
    if (this.fired > 0) this.logger.log({ msg: 'timers fired', fired: this.fired, late: this.late });
    this.fired = 0;
    this.late = 0;
  }
}
