import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from '#messaging';

/** Since which attempt the mails of an enrolment count; whether it waits in vain; and what the reconciler has found. */
export class AskedAnew1769000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE enrolment ADD COLUMN first_attempt int NOT NULL DEFAULT 1, ADD COLUMN unanswered boolean NOT NULL DEFAULT false',
    );
    await runner.query('ALTER TABLE reconciliation ADD COLUMN outcomes_restored int NOT NULL DEFAULT 0');
    await runner.query(`
      CREATE TABLE finding (
        contact_id uuid NOT NULL REFERENCES subject (contact_id),
        kind text NOT NULL,
        id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        tenant_id uuid NOT NULL,
        enrolment_id uuid,
        times int NOT NULL DEFAULT 1,
        first_at timestamptz NOT NULL DEFAULT now(),
        last_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (contact_id, kind)
      )`);
    await runner.query('CREATE INDEX finding_tenant ON finding (tenant_id, id)');
    await isolateTenants(runner, ['finding']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrolment DROP COLUMN first_attempt, DROP COLUMN unanswered');
    await runner.query('ALTER TABLE reconciliation DROP COLUMN outcomes_restored');
    await runner.query('DROP TABLE finding');
  }
}
