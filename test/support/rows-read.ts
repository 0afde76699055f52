import type { DataSource } from 'typeorm';
import { many } from './make.js';

/** Rows and index entries of a table the service has had the database read so far. */
export async function rowsRead(
  { db, appDb }: { readonly db: DataSource; readonly appDb: DataSource },
  table: string,
): Promise<number> {
  // Each connection keeps its counters to itself for a while, so every one of the pool is told to hand them in.
  await Promise.all(many(20, () => appDb.query('SELECT pg_stat_force_next_flush(), pg_sleep(0.02)')));
  const [row] = await db.query(
    `SELECT (seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = $1))::int AS rows
     FROM pg_stat_user_tables WHERE relname = $1`,
    [table],
  );
  return row.rows;
}
