import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many attempts of an enrolment were for reminders. Those made before count for the mail that asks, as they did. */
export class RemindedAgain1793000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrolment ADD COLUMN reminded_again int NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrolment DROP COLUMN reminded_again');
  }
}
