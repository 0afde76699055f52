import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackOff, MESSAGING_DATABASE, safeError } from '#messaging';
import type { MigrationClass } from './database.js';
import { isRefused } from './database-pool.js';
import { Readiness } from './readiness.js';
import { missingMigrations } from './schema-version.js';

/** Injection token: the migrations this build knows. */
export const MIGRATIONS = Symbol('migrations');

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const CHECK_EVERY_MS = 2_000;
const FAILURES_THAT_COUNT = 2;

/**
 * Connects the service to its database, however long that takes, and says in the readiness what it waits for.
 * Never changes the schema. Once connected it keeps asking, so that a lost database is seen on an idle service too.
 */
@Injectable()
export class DatabaseLink {
  private readonly logger = new Logger(DatabaseLink.name);
  private readonly stopping = new AbortController();
  private open = false;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(MESSAGING_DATABASE) private readonly messaging: DataSource,
    @Inject(MIGRATIONS) private readonly migrations: readonly MigrationClass[],
    private readonly readiness: Readiness,
  ) {}

  /** Connected, with a schema this build can work with. */
  get usable(): boolean {
    return this.open;
  }

  /** Resolves to true when the database is usable, to false when the service stops before. */
  async connect(): Promise<boolean> {
    this.readiness.set('database', 'database: not connected yet');
    await this.until(() => this.initialise());
    await this.until(() => this.schemaIsNewEnough());
    this.open = !this.stopping.signal.aborted;
    if (this.open) void this.watch();
    return this.open;
  }

  stop(): void {
    this.stopping.abort();
  }

  private async until(done: () => Promise<boolean>): Promise<void> {
    const backOff = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    while (!this.stopping.signal.aborted && !(await done())) await backOff.wait(this.stopping.signal);
  }

  private async initialise(): Promise<boolean> {
    try {
      for (const dataSource of [this.dataSource, this.messaging]) await open(dataSource);
      this.readiness.clear('database');
      return true;
    } catch (error) {
      this.report('database', isRefused(error) ? 'database: refuses us' : 'database: cannot be reached', error);
      return false;
    }
  }

  private async schemaIsNewEnough(): Promise<boolean> {
    try {
      const missing = await missingMigrations(this.dataSource, this.migrations);
      if (missing.length > 0) this.report('schema', `schema: too old, lacks ${missing.at(-1)}; run migrate`);
      else this.readiness.clear('schema');
      return missing.length === 0;
    } catch (error) {
      this.report('schema', 'schema: cannot be read', error);
      return false;
    }
  }

  /** One lost answer may be a busy pool; two in a row are a database that is away. */
  private async watch(): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      await sleep(CHECK_EVERY_MS, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
      failures = (await this.answers()) ? 0 : failures + 1;
      if (failures >= FAILURES_THAT_COUNT) this.readiness.set('database', 'database: does not answer');
      else if (failures === 0) this.readiness.clear('database');
    }
  }

  private async answers(): Promise<boolean> {
    if (this.stopping.signal.aborted) return true;
    return this.dataSource.query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  private report(part: string, problem: string, error?: unknown): void {
    this.readiness.set(part, problem);
    this.logger.warn({ msg: problem, ...(error === undefined ? {} : { error: safeError(error) }) });
  }
}

async function open(dataSource: DataSource): Promise<void> {
  if (dataSource.isInitialized) return;
  try {
    await dataSource.initialize();
  } catch (error) {
    // A pool that was made before the first query failed would stay open beside the next one.
    await dataSource.driver.disconnect().catch(() => undefined);
    throw error;
  }
}
