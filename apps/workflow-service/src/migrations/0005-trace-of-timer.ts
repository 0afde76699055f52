import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which trace a timer was set in, where somebody records it: what it does later says that it follows from there. */
export class TraceOfTimer1791000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE timer ADD COLUMN traceparent text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE timer DROP COLUMN traceparent');
  }
}
