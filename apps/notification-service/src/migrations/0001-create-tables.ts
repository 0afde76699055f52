import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createSubjectTable } from '#erasure';
import { createMessagingTables, keepOutOfStatistics } from '#messaging';

/** Mails under way (sealed), outcomes (ids only) and facts about client companies. */
export class CreateTables1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner);
    await createSubjectTable(runner);
    await createMailTable(runner);
    // Neither address nor text: a replayed command must not send twice, and a later bounce must find its contact.
    await runner.query(`
      CREATE TABLE mail_outcome (
        email_id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        expunge_id uuid,
        purpose text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('accepted', 'rejected')),
        code text,
        at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX mail_outcome_contact ON mail_outcome (contact_id)');
    await runner.query('CREATE INDEX mail_outcome_at ON mail_outcome USING brin (at)');
    await runner.query(`
      CREATE TABLE tenant (
        tenant_id uuid PRIMARY KEY,
        revision int NOT NULL,
        name text NOT NULL,
        languages text[] NOT NULL,
        privacy_contact text NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE tenant, mail_outcome, mail, subject, outbox, inbox, dead_letter, read_position');
  }
}

/** Small and always changing: vacuumed early, so that plans stay right and pages with sealed text are reused soon. */
async function createMailTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE mail (
      email_id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL REFERENCES subject (contact_id),
      expunge_id uuid,
      purpose text NOT NULL,
      sealed text NOT NULL,
      attachments jsonb NOT NULL,
      queued_at timestamptz NOT NULL DEFAULT now(),
      attempts int NOT NULL DEFAULT 0,
      due_at timestamptz NOT NULL DEFAULT now(),
      lease_id uuid,
      lease_until timestamptz,
      last_code text
    ) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0,
            autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0)`);
  await runner.query('CREATE INDEX mail_due ON mail (due_at)');
  await runner.query('CREATE INDEX mail_contact ON mail (contact_id)');
  await keepOutOfStatistics(runner, { mail: 'sealed attachments' });
}
