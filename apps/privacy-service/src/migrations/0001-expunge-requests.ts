import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, keepOutOfStatistics } from '#messaging';

/** Ids, times, counts and codes only; the recipient is sealed, and gone once the confirmation was answered or given up. */
export class ExpungeRequests1780000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner);
    await runner.query(`
      CREATE TABLE tenant (
        tenant_id uuid PRIMARY KEY,
        revision int NOT NULL,
        name text NOT NULL,
        privacy_contact text NOT NULL
      )`);
    await createExpungeRequests(runner);
    await keepOutOfStatistics(runner, { expunge_request: 'sealed_recipient' });
    await runner.query(`CREATE INDEX expunge_request_due ON expunge_request (ask_again_at) WHERE state = 'erasing'`);
    await runner.query(
      `CREATE INDEX expunge_request_unconfirmed ON expunge_request (completed_at)
       WHERE state = 'expunged' AND email_id IS NOT NULL AND NOT confirmation_failed`,
    );
    await runner.query(
      `CREATE INDEX expunge_request_by_tenant ON expunge_request (tenant_id, received_at, expunge_id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['expunge_request', 'tenant', 'outbox', 'inbox', 'dead_letter', 'read_position']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

/**
 * The participants are one document per request, so that "every, on the new state" is read and written as a whole.
 * Certificates are stored as they are: trying to compress signed base64 costs a quarter of the write and saves little.
 */
async function createExpungeRequests(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE expunge_request (
      expunge_id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL,
      reason text NOT NULL,
      requested_by text NOT NULL,
      requested_at timestamptz NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(),
      status_token_hash text NOT NULL UNIQUE,
      subject_commitment text,
      sealed_recipient text,
      state text NOT NULL CHECK (state IN ('erasing', 'expunged', 'confirmed')),
      participants jsonb NOT NULL CHECK (jsonb_array_length(participants) >= 3),
      refused boolean NOT NULL DEFAULT false,
      overdue boolean NOT NULL DEFAULT false,
      confirmation_failed boolean NOT NULL DEFAULT false,
      asked_times int NOT NULL,
      ask_again_at timestamptz,
      completed_at timestamptz,
      confirmed_at timestamptz,
      certificate_id uuid UNIQUE,
      certificate text STORAGE EXTERNAL,
      email_id uuid,
      CHECK ((state = 'erasing') = (ask_again_at IS NOT NULL)),
      CHECK (num_nulls(completed_at, certificate_id, certificate) = CASE state WHEN 'erasing' THEN 3 ELSE 0 END),
      CHECK (NOT (confirmation_failed OR state = 'confirmed') OR sealed_recipient IS NULL)
    ) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.05)`);
}
