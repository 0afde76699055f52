import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Relay } from '#messaging';

/**
 * So many messages may wait to be published before what is done in bulk pauses: whatever else this service has to say, that
 * somebody is to be removed for example, waits behind them.
 */
export const MOST_WAITING = 2_000;
const PAUSE_MS = 20;

/** How many messages wait, in SQL. By the ends of the index: counting would cost more the more there are. */
export const WAITING = 'SELECT coalesce(max(seq) - min(seq) + 1, 0)::int FROM outbox';

/** What keeps work in bulk from running ahead of what is published. */
@Injectable()
export class RelayBacklog {
  constructor(
    private readonly db: DataSource,
    private readonly relay: Relay,
  ) {}

  /** Waits a moment and says true when too much waits. While nothing can be published at all nobody is kept waiting by it. */
  async pauseIfLong(): Promise<boolean> {
    if (this.relay.problems().length > 0) return false;
    const [row]: { waiting: number }[] = await this.db.query(`SELECT (${WAITING}) AS waiting`);
    return (row?.waiting ?? 0) > MOST_WAITING && sleep(PAUSE_MS, true);
  }
}
