import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tables behind the guarantees; every service's first migration creates them.
 * The hot ones are small and change all the time, so they are vacuumed and analysed early: a plan made for an empty
 * table would otherwise stay in use while a backlog passes through it.
 */
export async function createMessagingTables(runner: QueryRunner): Promise<void> {
  for (const statement of TABLES) await runner.query(statement);
  // Sealed recipients among other things.
  await keepOutOfStatistics(runner, { outbox: 'data', dead_letter: 'data' });
}

/**
 * Keeps columns, named per table with spaces between, out of pg_statistic. ANALYZE copies values of the rows it samples
 * there, where they outlive the rows until somebody analyses the table again; with target 0 it leaves a column out. For
 * whatever can hold something about a person; no index may depend on these statistics to be chosen.
 */
export async function keepOutOfStatistics(
  runner: QueryRunner,
  columnsOf: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [table, columns] of Object.entries(columnsOf)) {
    const settings = columns.split(' ').map((column) => `ALTER COLUMN ${column} SET STATISTICS 0`);
    await runner.query(`ALTER TABLE ${table} ${settings.join(', ')}`);
  }
}

/**
 * Headers of waiting messages become text of a JSON object, which PostgreSQL keeps as it was written: each is written once, read
 * once and deleted.
 */
export class HeadersAsWritten1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE outbox ALTER COLUMN headers TYPE json');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE outbox ALTER COLUMN headers TYPE jsonb');
  }
}

const TABLES = [
  `
    CREATE TABLE outbox (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id uuid NOT NULL,
      topic text NOT NULL,
      key text NOT NULL,
      type text NOT NULL,
      headers jsonb NOT NULL,
      data text NOT NULL
    ) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)`,
  `
    CREATE TABLE inbox (
      id uuid PRIMARY KEY,
      received_at timestamptz NOT NULL DEFAULT now()
    ) WITH (autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.2)`,
  `CREATE INDEX inbox_received_at ON inbox USING brin (received_at)`,
  `
    CREATE TABLE dead_letter (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      topic text NOT NULL,
      type text NOT NULL,
      key text NOT NULL,
      digest bytea NOT NULL,
      reason text NOT NULL,
      headers jsonb NOT NULL,
      data text NOT NULL,
      attempts int NOT NULL DEFAULT 1,
      parked_at timestamptz NOT NULL DEFAULT now(),
      last_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (topic, type, key, digest)
    )`,
  `CREATE INDEX dead_letter_key ON dead_letter (key)`,
  `
    CREATE TABLE read_position (
      topic text NOT NULL,
      partition int NOT NULL,
      next_offset bigint NOT NULL,
      PRIMARY KEY (topic, partition)
    )`,
];
