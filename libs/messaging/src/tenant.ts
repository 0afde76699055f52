import type { Pool } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { onLiveConnection } from './lost-connection.js';

/** The setting that PostgreSQL's row-level security reads: one tenant's id, or {@link EVERY_TENANT}. Unset: no rows. */
const SETTING = 'app.tenant_id';
const EVERY_TENANT = 'all';

/**
 * Makes the database itself keep tenants apart (row-level security, forced also on the owner): from now on a statement
 * sees and writes only rows of the tenant its transaction was bound to. Every table with a column `tenant_id` needs it.
 */
export async function isolateTenants(
  runner: QueryRunner,
  tables: readonly string[],
  column = 'tenant_id',
): Promise<void> {
  for (const table of tables) {
    await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
    await runner.query(
      `CREATE POLICY tenant ON ${table}
       USING (current_setting('${SETTING}', true) IN (${column}::text, '${EVERY_TENANT}'))`,
    );
  }
}

/** Takes {@link isolateTenants} back: for `down` of a migration. */
export async function joinTenants(runner: QueryRunner, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    await runner.query(`DROP POLICY tenant ON ${table}`);
    await runner.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`);
  }
}

/** A transaction that sees and writes the rows of one tenant only. The second lock behind the code's own check. */
export async function inTenant<T>(
  db: DataSource,
  tenantId: string,
  work: (tx: EntityManager) => Promise<T>,
): Promise<T> {
  let begun = false;
  const transaction = (): Promise<T> =>
    db.transaction(async (tx) => {
      begun = true;
      await bindTenant(tx, tenantId);
      return work(tx);
    });
  return onLiveConnection(transaction, () => !begun);
}

/** A look at one tenant's rows. Prepared once per connection under its name. */
export interface TenantQuery {
  readonly name: string;
  /** A SELECT that compares `tenant_id = bound.tenant_id`; its values are $2 and on. */
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The rows of one tenant, in one round trip: the statement binds itself before it looks, since a lateral sub-select is run
 * only after what it refers to. For what is read all the time; a transaction of its own would cost more than the read.
 */
export async function readRows<Row extends object>(
  db: DataSource,
  tenantId: string,
  { name, text, values }: TenantQuery,
): Promise<Row[]> {
  if (!text.includes('bound.tenant_id')) throw new TypeError('a statement that is not bound would find nothing');
  // Not through TypeORM, which has no names for prepared statements.
  const pool = (db.driver as PostgresDriver).master as Pool;
  const statement = {
    name,
    text: `SELECT found.* FROM (SELECT set_config('${SETTING}', $1, true)::uuid AS tenant_id OFFSET 0) AS bound
           CROSS JOIN LATERAL (${text} OFFSET 0) AS found`,
    values: [tenantId.toLowerCase(), ...values],
  };
  // It only looks, so it may always be repeated.
  const { rows } = await onLiveConnection(
    () => pool.query<Row>(statement),
    () => true,
  );
  return rows;
}

/**
 * A transaction that sees every tenant's rows: for work that belongs to none (timers, senders, what an unguessable link
 * leads to). Whatever answers a caller with a token uses {@link inTenant}.
 */
export async function inEveryTenant<T>(db: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  return inTenant(db, EVERY_TENANT, work);
}

/** Binds the rest of the transaction to a tenant. A savepoint that is rolled back takes the binding with it. */
export async function bindTenant(tx: EntityManager, tenantId: string): Promise<void> {
  await tx.query(`SELECT set_config('${SETTING}', lower($1), true)`, [tenantId]);
}

/** Runs `work` with every tenant in sight and then binds the transaction again as it was. */
export async function seeingEveryTenant<T>(tx: EntityManager, work: () => Promise<T>): Promise<T> {
  const [before]: { tenant: string | null }[] = await tx.query(`SELECT current_setting('${SETTING}', true) AS tenant`);
  await bindTenant(tx, EVERY_TENANT);
  const result = await work();
  await bindTenant(tx, before?.tenant ?? '');
  return result;
}
