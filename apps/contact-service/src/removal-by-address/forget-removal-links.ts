import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { RATE_LIMIT_TABLE } from './rate-limits.js';

/** So long a link that has expired is answered with the page that says so. */
const EXPIRED_KEPT_DAYS = 7;
/** Requests are handled within seconds; the address of one that could not be is not kept longer. */
const REQUEST_KEPT_HOURS = 24;
const CHUNK = 10_000;
const LOOK_EVERY_MS = 10 * 60_000;

/** Ends what removal by address has stored: links, limits, and requests that could not be handled. */
@Injectable()
export class ForgetRemovalLinks implements OnModuleInit {
  private readonly logger = new Logger(ForgetRemovalLinks.name);

  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'forget-removal-links', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  async execute(): Promise<PumpResult> {
    const links = await this.forget('removal_link', `expires_at < now() - $1 * interval '1 day'`, EXPIRED_KEPT_DAYS);
    // By the clock of this process, which is the one the limiter counts with.
    const limits = await this.forget(RATE_LIMIT_TABLE, 'expire < $1', Date.now());
    const requests = await this.forget(
      'removal_request',
      `requested_at < now() - $1 * interval '1 hour'`,
      REQUEST_KEPT_HOURS,
    );
    if (requests > 0) this.logger.error({ msg: 'requests for removal by address were given up', count: requests });
    return [links, limits, requests].includes(CHUNK) ? 'more' : 'idle';
  }

  private async forget(table: string, condition: string, value: number): Promise<number> {
    const [, forgotten]: [unknown, number] = await inEveryTenant(this.db, (tx) =>
      tx.query(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ${table} WHERE ${condition} LIMIT $2 FOR UPDATE SKIP LOCKED))`,
        [value, CHUNK],
      ),
    );
    return forgotten;
  }
}
