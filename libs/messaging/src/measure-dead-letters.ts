import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { Bindings } from './bindings.js';

/** So many are enough to know. */
const MOST = 10_000;

/** How many parked messages wait for somebody. */
@Injectable()
export class MeasureDeadLetters {
  private readonly waiting: Gauge<'topic'>;

  constructor(
    registry: Registry,
    private readonly bindings: Bindings,
  ) {
    this.waiting = new Gauge({
      name: 'dead_letters_waiting',
      help: `Messages that could not be handled and wait for somebody (${MOST} at most are counted)`,
      labelNames: ['topic'],
      registers: [registry],
    });
  }

  async read(tx: EntityManager): Promise<void> {
    const rows: { topic: string; letters: number }[] = await tx.query(
      `SELECT topic, count(*)::int AS letters FROM (SELECT topic FROM dead_letter ORDER BY topic LIMIT $1) AS counted
       GROUP BY topic`,
      [MOST],
    );
    this.waiting.reset();
    for (const topic of this.bindings.topics) this.waiting.set({ topic }, 0);
    for (const { topic, letters } of rows) this.waiting.set({ topic }, letters);
  }

  forget(): void {
    this.waiting.reset();
  }
}
