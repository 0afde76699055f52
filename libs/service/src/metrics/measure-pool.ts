import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

/** The one pool of a service: it works as the application role. */
const POOL = 'application';

/** Connections of the service to its database, and how much work waits for one. */
@Injectable()
export class MeasurePool {
  constructor(registry: Registry, db: DataSource) {
    // There is no pool before the database is reached for the first time.
    const pool = (): Pool | undefined => (db.driver as PostgresDriver).master as Pool | undefined;
    new Gauge({
      name: 'database_pool_connections',
      help: 'Open connections to the database',
      labelNames: ['pool', 'state'],
      registers: [registry],
      collect() {
        const { totalCount = 0, idleCount = 0 } = pool() ?? {};
        this.set({ pool: POOL, state: 'used' }, totalCount - idleCount);
        this.set({ pool: POOL, state: 'idle' }, idleCount);
      },
    });
    new Gauge({
      name: 'database_pool_waiting',
      help: 'Transactions and statements that wait for a connection',
      labelNames: ['pool'],
      registers: [registry],
      collect() {
        this.set({ pool: POOL }, pool()?.waitingCount ?? 0);
      },
    });
  }
}
