import type { DataSource } from 'typeorm';
import { type MigrationClass, MIGRATIONS_TABLE } from './database.js';

const UNDEFINED_TABLE = '42P01';

/**
 * Migrations this build needs and the database lacks, oldest first. Read only, as the application role.
 * A schema that is newer than this build is fine: releases N and N-1 run side by side during an upgrade.
 */
export async function missingMigrations(
  dataSource: DataSource,
  migrations: readonly MigrationClass[],
): Promise<string[]> {
  const applied = new Set(await appliedMigrations(dataSource));
  const needed = migrations.map((migration) => migration.name).sort((a, b) => timestamp(a) - timestamp(b));
  return needed.filter((name) => !applied.has(name));
}

const timestamp = (name: string): number => Number(name.slice(-13));

async function appliedMigrations(dataSource: DataSource): Promise<string[]> {
  try {
    const rows: { name: string }[] = await dataSource.query(`SELECT name FROM ${MIGRATIONS_TABLE}`);
    return rows.map((row) => row.name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
