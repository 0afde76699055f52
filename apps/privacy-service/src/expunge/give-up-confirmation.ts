import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { Pumps } from '#service';
import { PrivacyConfig } from '../config.js';
import { foldInputs } from './fold-inputs.js';
import { claimUnconfirmedRequests, writeRequests } from './request-rows.js';

const CHUNK = 500;
const LOOK_EVERY_MS = 60_000;

/**
 * Ends the wait for a mail whose outcome never came (parked, lost): the request is shown as confirmation-failed and the
 * sealed recipient is deleted, so that every copy has an end. The row is the timer. An acceptance that comes later counts.
 */
@Injectable()
export class GiveUpConfirmation implements OnModuleInit {
  private readonly logger = new Logger(GiveUpConfirmation.name);

  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
    private readonly config: PrivacyConfig,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'give-up-confirmation', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Gives up one chunk of confirmations; 'more' when there may be others. */
  async execute(): Promise<'more' | 'idle'> {
    return inEveryTenant(this.db, async (tx) => {
      const late = await claimUnconfirmedRequests(tx, CHUNK, this.config.CONFIRMATION_GIVE_UP_DAYS);
      const inputs = late.map(({ expungeId, tenantId, contactId }) => {
        return { kind: 'confirmation-overdue' as const, expungeId, tenantId, contactId };
      });
      const { changed } = foldInputs(late, inputs);
      await writeRequests(
        tx,
        changed.map((state) => ({ state })),
      );
      if (changed.length > 0) this.logger.warn({ msg: 'confirmations given up', requests: changed.length });
      return late.length === CHUNK ? 'more' : 'idle';
    });
  }
}
