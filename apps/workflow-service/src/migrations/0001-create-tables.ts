import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createSubjectTable } from '#erasure';
import { createMessagingTables } from '#messaging';

/** Ids and times only: this service never sees a name, an address or a phone number. */
export class CreateTables1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner);
    await createSubjectTable(runner);
    await runner.query(`
      CREATE TABLE workflow (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        tenant_id uuid NOT NULL,
        name text NOT NULL,
        trigger text NOT NULL CHECK (trigger IN ('manual', 'import')),
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (tenant_id, trigger)
      )`);
    await runner.query(`
      CREATE TABLE enrolment (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL,
        workflow_id uuid NOT NULL REFERENCES workflow (id),
        contact_id uuid NOT NULL REFERENCES subject (contact_id),
        enrolled_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (contact_id, workflow_id)
      )`);
    await runner.query(`
      CREATE TABLE timer (
        enrolment_id uuid PRIMARY KEY REFERENCES enrolment (id),
        contact_id uuid NOT NULL,
        step text NOT NULL,
        due_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX timer_contact ON timer (contact_id)');
    await runner.query('CREATE INDEX timer_due ON timer (due_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE timer, enrolment, workflow, subject, outbox, inbox, dead_letter, read_position');
  }
}
