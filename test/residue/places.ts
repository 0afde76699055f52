import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import pg from 'pg';
import { type Findings, nothingYet, type Search } from './search.js';

/** A place that was looked at: one that can be clean is judged, the others are only reported. */
export interface Place extends Findings {
  readonly name: string;
}

const ROWS_AT_ONCE = 1_000;
/** Kafka's indexes: offsets and times, and mostly room that is not used yet. */
const NUMBERS_ONLY = /\.(?:time)?index$/;

/** Every row of every table of a database as text, the statistics of the planner included. */
export async function lookInDatabase(superuserUrl: string, database: string, search: Search): Promise<Place> {
  const found = nothingYet();
  await asSuperuser(superuserUrl, database, async (client) => {
    await client.query('ANALYZE');
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
       UNION ALL SELECT unnest(ARRAY['pg_catalog.pg_statistic', 'pg_catalog.pg_statistic_ext_data', 'pg_catalog.pg_largeobject'])`,
    );
    for (const { name } of rows) await lookInTable(client, name, `${database} ${name}`, search, found);
  });
  return { name: `rows of ${database}`, ...found };
}

async function lookInTable(
  client: pg.Client,
  table: string,
  where: string,
  search: Search,
  found: Findings,
): Promise<void> {
  await client.query('BEGIN');
  await client.query(`DECLARE every_row NO SCROLL CURSOR FOR SELECT t::text AS text FROM ${table} t`);
  for (;;) {
    const { rows } = await client.query<{ text: string }>(`FETCH ${ROWS_AT_ONCE} FROM every_row`);
    if (rows.length === 0) break;
    // As bytes, as in files: a text with other letters beside is found as well.
    search.look(Buffer.from(rows.map(({ text }) => text).join('\n')).toString('latin1'), where, found);
  }
  await client.query('COMMIT');
}

/** Every file below a folder, but those that are left out. */
export async function lookInFolder(
  name: string,
  folder: string,
  search: Search,
  leaveOut: readonly string[] = [],
): Promise<Place> {
  const found = nothingYet();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || NUMBERS_ONLY.test(file) || leaveOut.some((left) => file.startsWith(left + sep))) continue;
    await search.lookInFile(file, relative(folder, file), found);
  }
  return { name, ...found };
}

/** One connection of the server's administrator. */
export async function asSuperuser<T>(
  superuserUrl: string,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const url = new URL(superuserUrl);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
