import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { inTenant, readRows } from '#messaging';
import { createTestDatabase } from '../../../test/support/database.js';

let db: DataSource;
let superuser: pg.Client;
const tenantId = randomUUID();

beforeAll(async () => {
  const { appUrl: url } = await createTestDatabase();
  db = await new DataSource({ type: 'postgres', url, poolSize: 3, installExtensions: false }).initialize();
  superuser = new pg.Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await superuser.connect();
});
afterAll(() => Promise.all([db.destroy(), superuser.end()]));

type Done = (error: Error | undefined, client: pg.PoolClient | undefined, release: (error?: unknown) => void) => void;

const end = (pid: unknown): Promise<unknown> => superuser.query('SELECT pg_terminate_backend($1, 2000)', [pid]);

/** The server ends the next connections between the pool and who takes them. */
function endNext(count: number): void {
  const pool = (db.driver as PostgresDriver).master as pg.Pool;
  const { connect } = pg.Pool.prototype;
  let left = count;
  pool.connect = ((done: Done) =>
    (connect as (this: pg.Pool, done: Done) => void).call(pool, (error, client, release) => {
      if (!client || left-- <= 0) return done(error, client, release);
      client.on('error', () => undefined);
      void end((client as unknown as { processID: number }).processID).then(() => done(error, client, release));
    })) as typeof pool.connect;
}

test('When the server has ended the connection a transaction is given, then it runs on another, once', async () => {
  endNext(1);
  let runs = 0;
  const bound = await inTenant(db, tenantId, async (tx) => {
    runs += 1;
    return tx.query(`SELECT current_setting('app.tenant_id') AS tenant`);
  });
  expect([runs, bound]).toEqual([1, [{ tenant: tenantId }]]);
});

test('When it is a single read, then that is made on another as well', async () => {
  endNext(1);
  const read = { name: 'read', text: 'SELECT bound.tenant_id AS tenant', values: [] };
  expect(await readRows(db, tenantId, read)).toEqual([{ tenant: tenantId }]);
});

test('When the next one is dead too, then the error is shown: the database may be away', async () => {
  endNext(2);
  await expect(inTenant(db, tenantId, (tx) => tx.query('SELECT 1'))).rejects.toThrow();
  endNext(0);
});

test('When the connection ends after the transaction began, then nothing is done a second time', async () => {
  let runs = 0;
  const cutOff = inTenant(db, tenantId, async (tx) => {
    runs += 1;
    const [{ pid }] = await tx.query('SELECT pg_backend_pid() AS pid');
    await end(pid);
    await tx.query('SELECT 1');
  });
  await expect(cutOff).rejects.toThrow();
  expect(runs).toBe(1);
});

test('When there is no database to connect to, then it is not tried twice', async () => {
  const pool = (db.driver as PostgresDriver).master as pg.Pool;
  let tries = 0;
  pool.connect = ((done: Done) => {
    tries += 1;
    done(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), undefined, () => undefined);
  }) as typeof pool.connect;
  await expect(inTenant(db, tenantId, (tx) => tx.query('SELECT 1'))).rejects.toThrow();
  expect(tries).toBe(1);
  endNext(0);
});
