import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { Pumps } from '#service';
import { PrivacyConfig } from '../config.js';
import { foldInputs } from './fold-inputs.js';
import { claimOverdueWaiting, writeRequests } from './request-rows.js';

const CHUNK = 500;
const LOOK_EVERY_MS = 60_000;

/**
 * Shows requests that wait too long to begin as overdue: the time the law gives runs on, whatever they wait for. Those
 * that have begun are looked at when their participants are asked again.
 */
@Injectable()
export class RaiseOverdue implements OnModuleInit {
  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
    private readonly config: PrivacyConfig,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'raise-overdue', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Marks one chunk of requests; 'more' when there may be others. */
  async execute(): Promise<'more' | 'idle'> {
    return inEveryTenant(this.db, async (tx) => {
      const late = await claimOverdueWaiting(tx, CHUNK, this.config.OVERDUE_AFTER_SECONDS);
      const inputs = late.map(({ expungeId, tenantId, contactId }) => {
        return { kind: 'waited-too-long' as const, expungeId, tenantId, contactId };
      });
      const { changed } = foldInputs(late, inputs);
      await writeRequests(
        tx,
        changed.map((state) => ({ state })),
      );
      return late.length === CHUNK ? 'more' : 'idle';
    });
  }
}
