import { readFileSync } from 'node:fs';
import pg from 'pg';

/** A connection of its own for each thing that goes on at once; all tenants are in sight. */
export async function connect(): Promise<pg.Client> {
  const { DATABASE_URL: connectionString, DATABASE_PASSWORD_FILE: file } = process.env;
  const url = new URL(connectionString!);
  if (file !== undefined) url.password = readFileSync(file, 'utf8').trim();
  const db = new pg.Client({ connectionString: url.href, options: '-c app.tenant_id=all -c timezone=UTC' });
  await db.connect();
  return db;
}
