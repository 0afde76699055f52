import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

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
export function hits(content: string, texts: readonly string[], where: string): string[] {
  const lower = content.toLowerCase();
  return texts.filter((text) => lower.includes(text.toLowerCase())).map((text) => `${text} in ${where}`);
}
