import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { DatabaseReadings } from '#service';

/** So many are enough to know. */
const MOST = 10_000;

/** Timers that should have fired, and for how long; and those that could not. */
@Injectable()
export class MeasureTimers {
  private readonly due: Gauge;
  private readonly age: Gauge;
  private readonly failed: Counter;

  constructor(registry: Registry, readings: DatabaseReadings) {
    this.due = new Gauge({
      name: 'timers_due',
      help: `Timers whose time has come and that have not fired (${MOST} at most are counted)`,
      registers: [registry],
    });
    this.age = new Gauge({
      name: 'timers_oldest_due_age_seconds',
      help: 'Since the longest due timer should have fired; 0 when none is due',
      registers: [registry],
    });
    this.failed = new Counter({
      name: 'timers_put_off_total',
      help: 'How often a timer could not fire and was put off; one that never can counts every ten minutes',
      registers: [registry],
    });
    readings.add(this);
  }

  /** Once it is committed. */
  putOff(count: number): void {
    this.failed.inc(count);
  }

  async read(tx: EntityManager): Promise<void> {
    const [row]: [{ timers: number; age: number | null }] = await tx.query(
      `SELECT count(*)::int AS timers, extract(epoch FROM now() - min(due_at))::float AS age
       FROM (SELECT due_at FROM timer WHERE due_at <= now() ORDER BY due_at LIMIT $1) AS due`,
      [MOST],
    );
    this.due.set(row.timers);
    this.age.set(row.age ?? 0);
  }

  forget(): void {
    this.due.remove();
    this.age.remove();
  }
}
