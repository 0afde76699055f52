import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { failPoint, inEveryTenant, Outbox } from '#messaging';
import { Pumps } from '#service';
import { PrivacyConfig } from '../config.js';
import { foldInputs } from './fold-inputs.js';
import { claimDueRequests, writeRequests } from './request-rows.js';

const CHUNK = 500;
const LOOK_EVERY_MS = 1_000;

/**
 * Asks again who has not answered or has refused, for ever: after the first pause, then after twice as long each time
 * up to the longest. Raises `overdue`, which is a flag for people and changes nothing else. The row is the timer.
 */
@Injectable()
export class AskAgain implements OnModuleInit {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly pumps: Pumps,
    private readonly config: PrivacyConfig,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'ask-again', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Asks for one chunk of due requests; 'more' when there may be others. */
  async execute(): Promise<'more' | 'idle'> {
    return inEveryTenant(this.db, async (tx) => {
      const due = await claimDueRequests(tx, CHUNK, this.config.OVERDUE_AFTER_SECONDS);
      const inputs = due.map(({ state, overdue }) => {
        const { expungeId, tenantId, contactId } = state;
        return { kind: 'ask-due' as const, expungeId, tenantId, contactId, overdue };
      });
      const { changed, messages } = foldInputs(
        due.map(({ state }) => state),
        inputs,
      );
      await writeRequests(
        tx,
        changed.map((state) => ({ state, askAgainInSeconds: this.pauseAfter(state.askedTimes) })),
      );
      if (due.length > 0) failPoint('process.asked-again');
      await this.outbox.add(tx, messages);
      return due.length === CHUNK ? 'more' : 'idle';
    });
  }

  /** Bounded exponent: a request may be asked for many thousand times. */
  private pauseAfter(askedTimes: number): number {
    const doubled = this.config.ASK_AGAIN_FIRST_SECONDS * 2 ** Math.min(askedTimes - 1, 20);
    return Math.min(this.config.ASK_AGAIN_MAX_SECONDS, doubled);
  }
}
