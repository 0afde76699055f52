import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant, safeError } from '#messaging';
import { DatabaseLink } from '../database-link.js';

/** Values that are read from the service's database. */
export interface DatabaseReading {
  /** Reads them with one statement along an index, which may look at a bounded number of rows. */
  read(tx: EntityManager): Promise<void>;
  /** Takes the values away: an old one would be believed. */
  forget(): void;
}

const FRESH_MS = 15_000;
/** A scrape answers within two seconds whatever the database does. */
const PATIENCE_MS = 1_500;
const STATEMENT_MS = 1_000;

/**
 * Reads values from the database when somebody asks for metrics, at most every 15 s. What cannot be read in time is left out, and
 * `metrics_read_failed` is 1.
 */
@Injectable()
export class DatabaseReadings {
  private readonly logger = new Logger('metrics');
  private readonly readings: DatabaseReading[] = [];
  private readonly failed: Gauge;
  private readAt = Number.NEGATIVE_INFINITY;
  private running: Promise<void> | undefined;

  constructor(
    registry: Registry,
    private readonly db: DataSource,
    private readonly link: DatabaseLink,
  ) {
    this.failed = new Gauge({
      name: 'metrics_read_failed',
      help: '1 when values could not be read from the database and are left out',
      registers: [registry],
    });
  }

  add(reading: DatabaseReading): void {
    reading.forget();
    this.readings.push(reading);
  }

  /** Resolves within 1.5 s, and never rejects. */
  async refresh({ notOlderThanMs = FRESH_MS } = {}): Promise<void> {
    if (performance.now() - this.readAt < notOlderThanMs) return;
    // One at a time: a database that does not answer is not asked again by every scrape.
    this.running ??= this.readAll().finally(() => (this.running = undefined));
    const read = this.running.then(() => true);
    if (!(await Promise.race([read, delay(PATIENCE_MS, false, { ref: false })]))) this.leaveOut(this.readings);
  }

  private async readAll(): Promise<void> {
    const begun = performance.now();
    const unread: DatabaseReading[] = [];
    for (const reading of this.readings) {
      if (!(await this.readOne(reading))) unread.push(reading);
    }
    this.failed.set(0);
    if (unread.length > 0) this.leaveOut(unread);
    else this.readAt = begun;
  }

  /** Each in a transaction of its own, so that one that fails takes none with it. */
  private async readOne(reading: DatabaseReading): Promise<boolean> {
    if (!this.link.usable) return false;
    try {
      await inEveryTenant(this.db, async (tx) => {
        await tx.query(ALONG_INDEXES);
        await reading.read(tx);
      });
      return true;
    } catch (error) {
      this.logger.warn({ msg: 'values could not be read', error: safeError(error) });
      return false;
    }
  }

  private leaveOut(readings: readonly DatabaseReading[]): void {
    for (const reading of readings) reading.forget();
    this.failed.set(1);
  }
}

/** The planner takes the condition of row-level security for one that drops nearly everything, and would read whole tables. */
const ALONG_INDEXES = `
  SELECT set_config('statement_timeout', '${STATEMENT_MS}', true), set_config('enable_seqscan', 'off', true),
    set_config('jit', 'off', true)`;
