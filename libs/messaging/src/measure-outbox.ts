import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { Relay } from './relay.js';

/** How long the oldest message waits to be published, and whether this process is the one that publishes. */
@Injectable()
export class MeasureOutbox {
  private readonly age: Gauge;

  constructor(registry: Registry, relay: Relay) {
    this.age = new Gauge({
      name: 'outbox_oldest_age_seconds',
      help: 'Since the oldest message that is not published was put into the outbox; 0 when there is none',
      registers: [registry],
    });
    new Gauge({
      name: 'relay_leading',
      help: '1 in the process that publishes the outbox of this database; in the others 0',
      registers: [registry],
      collect() {
        this.set(relay.leading ? 1 : 0);
      },
    });
  }

  async read(tx: EntityManager): Promise<void> {
    const [oldest]: { at: string }[] = await tx.query(
      `SELECT headers->>'ce_time' AS at FROM outbox ORDER BY seq LIMIT 1`,
    );
    this.age.set(oldest ? Math.max(0, (Date.now() - Date.parse(oldest.at)) / 1_000) : 0);
  }

  forget(): void {
    this.age.remove();
  }
}
