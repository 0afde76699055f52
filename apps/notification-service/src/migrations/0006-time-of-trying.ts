import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Since when a mail is tried, without the time it has waited for its send budget. Without it that is since it was queued;
 * `queued_at` stays, as the date a repeat is sent with.
 */
export class TimeOfTrying1793000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE mail ADD COLUMN tries_since timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE mail DROP COLUMN tries_since');
  }
}
