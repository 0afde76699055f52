import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { readTopics } from './read-topics.js';
import type { TestSystem } from './test-system.js';

/** Where one of these texts stands: databases, topics and log files (PostgreSQL's and Kafka's own too). */
export async function tracesEverywhere(system: TestSystem, texts: readonly string[]): Promise<string[]> {
  const { superuserUrl } = system.postgres!;
  const tables = await Promise.all(
    Object.keys(system.databases).map((name) => tracesInDatabase(superuserUrl, name, texts)),
  );
  const messages = await readTopics(system.brokers);
  if (messages.length === 0) throw new Error('there is nothing on any topic');
  const topics = messages.flatMap((message) => hits(JSON.stringify(message), texts, message.topic));
  return [...tables.flat(), ...topics, ...(await tracesInFiles(system.logDir, texts))];
}

/** How a text stands in base64, at each of the three places a byte can have in it; without what depends on neighbours. */
export const inBase64 = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const encoded = Buffer.from(' '.repeat(before) + text)
      .toString('base64')
      .replace(/=*$/, '');
    const complete = Math.floor(((before + Buffer.byteLength(text)) * 8) / 6);
    return encoded.slice(before === 0 ? 0 : before + 1, complete);
  });

/** Where one of these texts stands in a database: any row of any table, and what ANALYZE has collected. */
export async function tracesInDatabase(
  superuserUrl: string,
  name: string,
  texts: readonly string[],
): Promise<string[]> {
  const url = new URL(superuserUrl);
  url.pathname = `/${name}`;
  const superuser = new pg.Client({ connectionString: url.href });
  await superuser.connect();
  try {
    // Bytes as the text they are, or a file that is kept would be searched for in hexadecimal digits.
    await superuser.query(`SET bytea_output = 'escape'`);
    await superuser.query('ANALYZE');
    const tables = await superuser.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'
       UNION SELECT unnest(ARRAY['pg_statistic', 'pg_statistic_ext_data'])`,
    );
    const found: string[] = [];
    for (const { tablename } of tables.rows) {
      const { rows } = await superuser.query<{ text: string }>(`SELECT t::text AS text FROM ${tablename} t`);
      found.push(...hits(rows.map((row) => row.text).join('\n'), texts, `${name}.${tablename}`));
    }
    return found;
  } finally {
    await superuser.end();
  }
}

/** The same for the files of a folder, its folders included. */
export async function tracesInFiles(folder: string, texts: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(files.map(async (file) => hits(await readFile(file, 'latin1'), texts, file)));
  return found.flat();
}

/** The same for a text. */
function hits(content: string, texts: readonly string[], where: string): string[] {
  const lower = content.toLowerCase();
  return texts.filter((text) => lower.includes(text.toLowerCase())).map((text) => `${text} in ${where}`);
}
