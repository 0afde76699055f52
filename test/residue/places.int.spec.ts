import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '../support/database.js';
import { aToken } from './forms.js';
import { asSuperuser, lookInDatabase, lookInFolder } from './places.js';
import { Search } from './search.js';

const token = aToken();
const search = new Search([token]);
const url = process.env.TEST_POSTGRES_URL!;
let database: string;
let folder: string;

beforeAll(async () => {
  database = (await createTestDatabase()).name;
  folder = await mkdtemp(join(tmpdir(), 'contact-expunge-places-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('When a row of any table and schema has the text, then the place is named, also the statistics that outlive it', async () => {
  await asSuperuser(url, database, async (client) => {
    await client.query('CREATE SCHEMA IF NOT EXISTS other');
    await client.query('CREATE TABLE other."A table" (id int, data bytea)');
    await client.query('INSERT INTO other."A table" SELECT n, NULL FROM generate_series(1, 2500) n');
    await client.query('INSERT INTO other."A table" VALUES (2501, $1)', [Buffer.from(token)]);
    await client.query(`CREATE TABLE public.collected AS SELECT '${token}'::text AS name FROM generate_series(1, 50)`);
  });
  const found = await lookInDatabase(url, database, search);
  expect(found.examples).toContain(`${database} public.collected (plain)`);
  // The planner keeps values as well, and they outlive the rows.
  await asSuperuser(url, database, (client) => client.query('DELETE FROM public.collected'));
  const left = await lookInDatabase(url, database, search);
  expect(left.examples).toEqual([
    `${database} other."A table" (hexadecimal)`,
    `${database} pg_catalog.pg_statistic (plain)`,
  ]);
});

test('When a file of any folder has the text, then it counts, but not in what is left out', async () => {
  await mkdir(join(folder, 'kept', 'deep'), { recursive: true });
  await mkdir(join(folder, 'left'));
  await writeFile(join(folder, 'kept', 'deep', 'log'), `a ${token}`);
  await writeFile(join(folder, 'left', 'log'), `a ${token}`);
  const found = await lookInFolder('files', folder, search, [join(folder, 'left')]);
  expect(found).toMatchObject({ matches: 1, examples: [`${join('kept', 'deep', 'log')} (plain)`] });
});
