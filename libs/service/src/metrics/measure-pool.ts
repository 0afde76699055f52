import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { MESSAGING_DATABASE } from '#messaging';

/** There is none before the database is reached for the first time. */
const poolOf = ({ driver }: DataSource): Pool | undefined => (driver as PostgresDriver).master as Pool | undefined;

/** Connections of the service to its database, and how much work waits for one: of requests and timers, and of messages. */
@Injectable()
export class MeasurePool {
  constructor(registry: Registry, requests: DataSource, @Inject(MESSAGING_DATABASE) messages: DataSource) {
    const pools = Object.entries({ requests, messages });
    new Gauge({
      name: 'database_pool_connections',
      help: 'Open connections to the database',
      labelNames: ['pool', 'state'],
      registers: [registry],
      collect() {
        for (const [pool, db] of pools) {
          const { totalCount = 0, idleCount = 0 } = poolOf(db) ?? {};
          this.set({ pool, state: 'used' }, totalCount - idleCount);
          this.set({ pool, state: 'idle' }, idleCount);
        }
      },
    });
    new Gauge({
      name: 'database_pool_waiting',
      help: 'Transactions and statements that wait for a connection',
      labelNames: ['pool'],
      registers: [registry],
      collect() {
        for (const [pool, db] of pools) this.set({ pool }, poolOf(db)?.waitingCount ?? 0);
      },
    });
  }
}
