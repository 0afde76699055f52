import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';

/** Longer than any topic or parked message can bring a mail again, and than a bounce takes. */
const KEPT_DAYS = 90;
const CHUNK = 10_000;
const HOUR_MS = 60 * 60 * 1_000;

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
    const [, forgotten]: [unknown, number] = await inEveryTenant(this.db, (tx) =>
      tx.query(
        `DELETE FROM mail_outcome WHERE email_id IN (
         SELECT email_id FROM mail_outcome WHERE at < now() - $1 * interval '1 day' LIMIT $2)`,
        [KEPT_DAYS, CHUNK],
      ),
    );
    return forgotten === CHUNK ? 'more' : 'idle';
  }
}
