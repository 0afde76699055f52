import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createSubjectTable } from '#erasure';
import { createMessagingTables, keepOutOfStatistics } from '#messaging';

/** Every column that can hold something about a person; every query is served by an index without their statistics. */
const PERSONAL = {
  contact:
    'email email_normalised given_name family_name given_key family_key phone language country candidate_subject status_token expunge_request',
  note: 'author_subject body',
};

/** Tenants, contacts and their notes, and what is remembered of removals: ids, times and counts. */
export class CreateTables1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner);
    await createSubjectTable(runner);
    await createTenant(runner);
    await createContact(runner);
    await createNote(runner);
    await createRemoval(runner);
    await keepOutOfStatistics(runner, PERSONAL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE removal, note, contact, tenant, subject, outbox, inbox, dead_letter, read_position');
  }
}

async function createTenant(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE tenant (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      expunge_policy text NOT NULL DEFAULT 'off' CHECK (expunge_policy IN ('off', 'permanent')),
      mail_domain text,
      languages text[] NOT NULL CHECK (cardinality(languages) > 0),
      privacy_contact text NOT NULL,
      revision int NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    )`);
}

/**
 * given_key and family_key are the names in the form they are searched by; "C" orders them by code point.
 * expunge_request is the data of the message that asked for the removal, to be said again at expunge_repeat_at. As json
 * and not jsonb, which orders keys its own way: a repeat is the same to the byte, and counts up one dead letter.
 */
async function createContact(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE contact (
      id uuid PRIMARY KEY REFERENCES subject (contact_id),
      tenant_id uuid NOT NULL REFERENCES tenant (id),
      source text NOT NULL CHECK (source IN ('career-site', 'manual', 'import')),
      state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'expunging')),
      email text,
      email_normalised text,
      given_name text,
      family_name text,
      given_key text COLLATE "C",
      family_key text COLLATE "C",
      phone text,
      language text,
      country text,
      candidate_subject text,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      expunge_id uuid,
      status_token text,
      expunge_request json,
      expunge_repeat_at timestamptz,
      CONSTRAINT contact_expunging CHECK (
        num_nulls(expunge_id, status_token, expunge_request, expunge_repeat_at) = CASE state WHEN 'expunging' THEN 0 ELSE 4 END
      )
    )`);
  await runner.query(`
    CREATE UNIQUE INDEX contact_candidate ON contact (tenant_id, candidate_subject)
    WHERE candidate_subject IS NOT NULL`);
  await runner.query(`
    CREATE INDEX contact_repeat ON contact (expunge_repeat_at)
    WHERE expunge_repeat_at IS NOT NULL`);
  // One index per way of searching, each in the order of its pages, so that a page costs the same whatever is stored.
  await runner.query('CREATE INDEX contact_listed ON contact (tenant_id, state, id)');
  await runner.query('CREATE INDEX contact_email ON contact (tenant_id, email_normalised, id)');
  await runner.query('CREATE INDEX contact_family ON contact (tenant_id, state, family_key, id)');
  await runner.query('CREATE INDEX contact_given ON contact (tenant_id, state, given_key, id)');
}

async function createNote(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE note (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL REFERENCES contact (id),
      author_subject text NOT NULL,
      body text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`);
  await runner.query('CREATE INDEX note_contact ON note (contact_id, id)');
}

/** Outlives the contact. The state follows from the times, so the order in which they become known does not matter. */
async function createRemoval(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE removal (
      expunge_id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL,
      reason text NOT NULL,
      requested_by text,
      requested_at timestamptz NOT NULL,
      expunged_at timestamptz,
      confirmed_at timestamptz,
      confirmation_failed_at timestamptz,
      certificate_id uuid,
      state text NOT NULL GENERATED ALWAYS AS (
        CASE
          WHEN confirmed_at IS NOT NULL THEN 'confirmed'
          WHEN confirmation_failed_at IS NOT NULL THEN 'confirmation-failed'
          WHEN expunged_at IS NOT NULL THEN 'expunged'
          ELSE 'requested'
        END
      ) STORED
    )`);
  await runner.query('CREATE INDEX removal_contact ON removal (contact_id)');
}
