import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When mails that ask were called back. */
export class EndOfAsking1769000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE opt_in_ask ADD COLUMN called_back_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE opt_in_ask DROP COLUMN called_back_at');
  }
}
