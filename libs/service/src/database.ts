import type { EntityTarget, Logger, MigrationInterface, ObjectLiteral } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';

export type EntityClass = (new () => ObjectLiteral) & EntityTarget<ObjectLiteral>;
/** TypeORM orders migrations by the 13 digits (milliseconds) at the end of the class name. */
export type MigrationClass = new () => MigrationInterface;

export const MIGRATIONS_TABLE = 'schema_migrations';

/** The longest a statement, a transaction or an open but idle transaction may last, in milliseconds. */
const STATEMENT_MS = 30_000;
const TRANSACTION_MS = 60_000;
const CONNECT_MS = 5_000;

/** TypeORM prints failed migrations, with the driver's message, even when logging is off; what fails is thrown anyway. */
class NoLog implements Logger {
  log(): void {}
  logMigration(): void {}
  logQuery(): void {}
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
}

export interface DatabaseParts {
  readonly name: string;
  readonly url: string;
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
    type: 'postgres',
    url: parts.url,
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
    },
  };
}

/** The owner's connection for migrations: one session, no time limits (an index may take an hour). */
export function ownerOptions(
  name: string,
  url: string,
  migrations: readonly MigrationClass[],
): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url,
    applicationName: `${name} migrate`,
    poolSize: 2,
    connectTimeoutMS: CONNECT_MS,
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    installExtensions: false,
    logging: false,
    logger: new NoLog(),
    extra: { options: '-c timezone=UTC' },
  };
}
