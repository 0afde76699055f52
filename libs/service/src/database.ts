import pg from 'pg';
import type { EntityTarget, Logger, MigrationInterface, ObjectLiteral } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { ChangingPassword } from './changing-password.js';
import { poolWith } from './database-pool.js';
import type { TlsSettings } from './secret-files.js';
import { livePool } from './silent-connection.js';

export type EntityClass = (new () => ObjectLiteral) & EntityTarget<ObjectLiteral>;
/** TypeORM orders migrations by the 13 digits (milliseconds) at the end of the class name. */
export type MigrationClass = new () => MigrationInterface;

export const MIGRATIONS_TABLE = 'schema_migrations';

/** The longest a statement, a transaction or an open but idle transaction may last, in milliseconds. */
const STATEMENT_MS = 30_000;
const TRANSACTION_MS = 60_000;
const CONNECT_MS = 5_000;
/** A server that is there has ended a statement by then. */
const SILENCE_MS = STATEMENT_MS + 5_000;

/** TypeORM prints failed migrations, with the driver's message, even when logging is off; what fails is thrown anyway. */
class NoLog implements Logger {
  log(): void {}
  logMigration(): void {}
  logQuery(): void {}
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
}

/** Where a database is, and how to be let in. */
export interface DatabaseAccess {
  readonly url: string;
  /** Asked for each new connection; without it the password stands in the address. */
  readonly password?: () => string;
  /** Without it the connection is not encrypted, unless the address says so. */
  readonly tls?: TlsSettings;
}

export interface DatabaseParts {
  readonly name: string;
  readonly access: DatabaseAccess;
  readonly poolSize: number;
  readonly entities: EntityClass[];
  /** Told of errors of idle connections; they are replaced by the pool. */
  readonly onIdleError: (error: unknown) => void;
}

/**
 * How a running service works with its database: application role, bounded times, UTC, never any SQL in logs.
 * transaction_timeout needs PostgreSQL 17 or newer; it ends what a stuck process would otherwise keep locked.
 */
export function databaseOptions(parts: DatabaseParts): PostgresDataSourceOptions {
  return {
    ...connectionOptions(parts.access, (Pool) => livePool(Pool, SILENCE_MS)),
    applicationName: parts.name,
    poolSize: parts.poolSize,
    connectTimeoutMS: CONNECT_MS,
    entities: parts.entities,
    migrationsTableName: MIGRATIONS_TABLE,
    synchronize: false,
    installExtensions: false,
    logging: false,
    logger: new NoLog(),
    poolErrorHandler: parts.onIdleError,
    extra: {
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: TRANSACTION_MS,
      options: `-c timezone=UTC -c transaction_timeout=${TRANSACTION_MS}`,
      keepAlive: true,
      // Connections are kept, so that a busy service needs few new ones while its password or certificate changes.
      idleTimeoutMillis: 0,
    },
  };
}

/** The owner's connection for migrations: one session, no time limits (an index may take an hour). */
export function ownerOptions(
  name: string,
  access: DatabaseAccess,
  migrations: readonly MigrationClass[],
): PostgresDataSourceOptions {
  return {
    ...connectionOptions(access),
    applicationName: `${name} migrate`,
    poolSize: 2,
    connectTimeoutMS: CONNECT_MS,
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    installExtensions: false,
    logging: false,
    logger: new NoLog(),
    // Row-level security is forced on the owner too; a migration changes the rows of every tenant.
    extra: { options: '-c timezone=UTC -c app.tenant_id=all' },
  };
}

type PoolClass = new (options?: pg.PoolConfig) => pg.Pool;

function connectionOptions(
  { url, password, tls }: DatabaseAccess,
  extend = (Pool: PoolClass): PoolClass => Pool,
): PostgresDataSourceOptions {
  const Pool = extend(password ? poolWith(new ChangingPassword(password)) : pg.Pool);
  return { type: 'postgres', url, ...(tls && { ssl: tls }), driver: { Pool } };
}
