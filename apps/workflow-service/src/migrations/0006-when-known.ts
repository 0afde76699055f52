import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When this database has learned of a contact, by its own clock. Facts noted before say nothing, and `added_at` stands for it:
 * filling it in would rewrite a row for each contact while the table is locked.
 */
export class WhenKnown1792000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE contact_fact ADD COLUMN known_at timestamptz, ALTER COLUMN known_at SET DEFAULT clock_timestamp()',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE contact_fact DROP COLUMN known_at');
  }
}
