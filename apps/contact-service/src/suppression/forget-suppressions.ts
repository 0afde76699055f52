import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';

const CHUNK = 10_000;
const LOOK_EVERY_MS = 10 * 60_000;

/** Ends entries of the ledger whose time is over. */
@Injectable()
export class ForgetSuppressions implements OnModuleInit {
  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'forget-suppressions', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  async execute(): Promise<PumpResult> {
    const [, forgotten]: [unknown, number] = await inEveryTenant(this.db, (tx) =>
      tx.query(
        `DELETE FROM suppression WHERE id = ANY (ARRAY(
           SELECT id FROM suppression WHERE until <= now() ORDER BY until LIMIT $1 FOR UPDATE SKIP LOCKED))`,
        [CHUNK],
      ),
    );
    return forgotten === CHUNK ? 'more' : 'idle';
  }
}
