import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which trace a mail belongs to, where somebody records it. */
export class TraceOfMail1791000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE mail ADD COLUMN traceparent text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE mail DROP COLUMN traceparent');
  }
}
