import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isSurroundingsError } from '#messaging';
import { Proxy } from '../../../test/chaos/proxy.js';
import { many } from '../../../test/support/make.js';
import { livePool } from './silent-connection.js';

const LIMIT_MS = 1_000;
const SIZE = 5;

let network: Proxy;
let pool: pg.Pool;

beforeEach(async () => {
  const address = new URL(process.env.TEST_POSTGRES_URL!);
  const port = Number(address.port);
  network = await Proxy.start(() => port);
  address.port = String(network.port);
  pool = new (livePool(pg.Pool, LIMIT_MS))({ connectionString: address.href, max: SIZE, idleTimeoutMillis: 0 });
  pool.on('error', () => undefined);
});
afterEach(async () => {
  await network.stop();
  await pool.end();
});

/** So many at once that each connection is used. */
const fill = (): Promise<unknown> => Promise.all(many(SIZE, () => pool.query('SELECT pg_sleep(0.05)')));
const sessions = async (): Promise<number[]> => {
  const found = await Promise.all(
    many(SIZE, () => pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.05)')),
  );
  return found.map(({ rows }) => rows[0]!.pid).sort((a, b) => a - b);
};

test('When a network swallows everything, then a query fails as for want of a database, and all others work once it is well', async () => {
  await fill();
  network.swallow();
  const begun = performance.now();
  const error: unknown = await pool.query('SELECT 1').catch((thrown: unknown) => thrown);
  expect(isSurroundingsError(error)).toBe(true);
  expect(performance.now() - begun).toBeGreaterThan(LIMIT_MS - 50);
  expect(performance.now() - begun).toBeLessThan(3 * LIMIT_MS);
  network.mend();
  const mended = performance.now();
  await fill();
  await fill();
  // The other connections are as dead; none of them is waited for.
  expect(performance.now() - mended).toBeLessThan(LIMIT_MS);
});

test('When nobody asks anything for long, then the connections stay', async () => {
  const before = await sessions();
  await sleep(3 * LIMIT_MS);
  expect(await sessions()).toEqual(before);
});

test('When an answer takes its time within the limit, then it is waited for', async () => {
  const { rows } = await pool.query<{ n: number }>('SELECT 1 AS n, pg_sleep(0.3)');
  expect(rows[0]!.n).toBe(1);
});
