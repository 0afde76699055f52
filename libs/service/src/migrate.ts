import { DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { BackOff, isSurroundingsError, SafeMessageError } from '#messaging';
import { type DatabaseAccess, type MigrationClass, ownerOptions } from './database.js';

/** Any number will do, as long as every release uses the same one. */
const LOCK = 7_305_441_001;
const STARTING_DEADLINE_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const NOT_ACCEPTED_YET = new Set(['3D000', '57P03']);
/**
 * While a migration waits for a table, all who come after it wait as well, even to read. So it gives way after a while and
 * comes again, for as long as a transaction of a service may last, and some more.
 */
const TABLE_LOCK_MS = 2_000;
const TABLE_LOCK_DEADLINE_MS = 180_000;
/** Waited in vain; or found itself and a transaction of a service waiting for each other's tables. */
const TABLE_IN_USE = new Set(['55P03', '40P01']);

export class DatabaseNotReached extends SafeMessageError {
  constructor(cause: unknown) {
    super('The database cannot be reached.', { cause });
  }
}

/**
 * Brings the schema up to date as its owner and returns the names of the migrations it applied. Two at once: the
 * second waits for the lock and finds nothing to do. Each migration is one transaction, so a failed one leaves the
 * schema at the last good one. Waits up to 60 s for a database that is just starting, and up to 3 minutes for tables in use,
 * without keeping others from them for more than 2 s at a time.
 */
export async function migrate(
  name: string,
  owner: string | DatabaseAccess,
  migrations: readonly MigrationClass[],
): Promise<string[]> {
  const access = typeof owner === 'string' ? { url: owner } : owner;
  const dataSource = await connect(() => new DataSource(ownerOptions(name, access, migrations)));
  const runner = dataSource.createQueryRunner();
  try {
    // A lock of the session that also runs the migrations: if that session dies, both end together.
    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);
    return await applyPending(dataSource, runner);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}

async function applyPending(dataSource: DataSource, runner: QueryRunner): Promise<string[]> {
  const pending = await executorFor(dataSource, runner).getPendingMigrations();
  const deadline = performance.now() + TABLE_LOCK_DEADLINE_MS;
  const backOff = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  await runner.query(`SET lock_timeout = ${TABLE_LOCK_MS}`);
  for (;;) {
    try {
      await executorFor(dataSource, runner).executePendingMigrations();
      return pending.map((migration) => migration.name);
    } catch (error) {
      if (!isTableInUse(error) || performance.now() > deadline) throw error;
    }
    await backOff.wait(new AbortController().signal);
  }
}

function executorFor(dataSource: DataSource, runner: QueryRunner): MigrationExecutor {
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = 'each';
  return executor;
}

function isTableInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TABLE_IN_USE.has(String(error.code));
}

async function connect(create: () => DataSource): Promise<DataSource> {
  const deadline = performance.now() + STARTING_DEADLINE_MS;
  const backOff = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  for (;;) {
    try {
      return await create().initialize();
    } catch (error) {
      if (!mayBeStarting(error)) throw error;
      if (performance.now() > deadline) throw new DatabaseNotReached(error);
    }
    await backOff.wait(new AbortController().signal);
  }
}

/** A database that is created a moment later, or not listening yet; a wrong password will not get better. */
export function mayBeStarting(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return NOT_ACCEPTED_YET.has(code) || (isSurroundingsError(error) && !code.startsWith('28'));
}
