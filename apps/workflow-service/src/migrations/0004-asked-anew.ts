import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since which attempt the mails of an enrolment count. */
export class AskedAnew1769000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrolment ADD COLUMN first_attempt int NOT NULL DEFAULT 1');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrolment DROP COLUMN first_attempt');
  }
}
