import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';

/** Longer than any topic or parked message can bring a mail again, and than a bounce takes. */
const KEPT_DAYS = 90;
const CHUNK = 10_000;
const HOUR_MS = 60 * 60 * 1_000;

/** What is remembered of a mail, by its own key; and counts of days that no rule looks at any more. */
const FORGOTTEN = [
  { table: 'mail_outcome', key: 'email_id', since: 'at' },
  { table: 'mail_bounce', key: 'email_id, kind', since: 'at' },
  { table: 'send_budget', key: 'tenant_id, domain, day', since: 'day' },
] as const;

/** Ends the memory of sent mails after a stated time. */
@Injectable()
export class ForgetOutcomes implements OnModuleInit {
  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'forget-outcomes', everyMs: HOUR_MS, run: () => this.execute() });
  }

  async execute(): Promise<PumpResult> {
    const results: number[] = [];
    for (const { table, key, since } of FORGOTTEN) {
      const [, forgotten]: [unknown, number] = await inEveryTenant(this.db, (tx) =>
        tx.query(
          `DELETE FROM ${table} WHERE (${key}) IN (
             SELECT ${key} FROM ${table} WHERE ${since} < now() - $1 * interval '1 day' LIMIT $2)`,
          [KEPT_DAYS, CHUNK],
        ),
      );
      results.push(forgotten);
    }
    return results.includes(CHUNK) ? 'more' : 'idle';
  }
}
