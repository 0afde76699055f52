import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far the contacts of an import that is taken back are removed, so that those before are not read again each time. */
export class UndoneUpTo1793000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE import ADD COLUMN undone_up_to uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE import DROP COLUMN undone_up_to');
  }
}
