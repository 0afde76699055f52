import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets what is over of imports be found without a look at every import there ever was. */
export class EndedImports1769100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE import ADD COLUMN report_kept boolean NOT NULL DEFAULT true');
    await runner.query('CREATE INDEX import_report ON import (ended_at) WHERE report_kept');
    await runner.query('CREATE INDEX import_ended ON import (ended_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX import_ended');
    await runner.query('ALTER TABLE import DROP COLUMN report_kept');
  }
}
