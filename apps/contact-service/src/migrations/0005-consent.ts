import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants, keepOutOfStatistics } from '#messaging';
import { makeAppendOnly } from '#service';

/** Consent: who was asked by which mail, what became of it, what was decided, and why somebody was not removed. */
export class Consent1767500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await extendContact(runner);
    await createOptInAsk(runner);
    await createConsentRecord(runner);
    await createExpungeDecline(runner);
    await createSilentExpungeDay(runner);
    await isolateTenants(runner, ['opt_in_ask', 'consent_record', 'expunge_decline', 'silent_expunge_day']);
    await keepOutOfStatistics(runner, { opt_in_ask: 'token_hash stopped_by' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE silent_expunge_day, expunge_decline, consent_record, consent_text, opt_in_ask');
    await runner.query('ALTER TABLE contact DROP COLUMN consent, DROP COLUMN consent_at');
  }
}

async function extendContact(runner: QueryRunner): Promise<void> {
  await runner.query(`
    ALTER TABLE contact
      ADD COLUMN consent text NOT NULL DEFAULT 'none' CHECK (consent IN ('none', 'opted-in', 'declined')),
      ADD COLUMN consent_at timestamptz`);
}

/**
 * One row for each mail that asks. It goes with its contact; the token itself is in the mail only. A mail that came back and
 * one its recipient complained of are two things: the first keeps a contact from being removed, the second does not.
 * address_changed_at: since then the contact has another address than the one that was asked.
 */
async function createOptInAsk(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE opt_in_ask (
      email_id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL REFERENCES contact (id),
      enrolment_id uuid NOT NULL,
      workflow_id uuid NOT NULL,
      template text NOT NULL CHECK (template IN ('opt-in', 'opt-in-reminder')),
      token_hash text NOT NULL UNIQUE,
      grace_seconds int NOT NULL,
      link_valid_seconds int NOT NULL,
      asked_at timestamptz NOT NULL DEFAULT now(),
      accepted_at timestamptz,
      rejected_at timestamptz,
      bounced_at timestamptz,
      bounce_kind text CHECK (bounce_kind IN ('hard', 'soft')),
      code text,
      complained_at timestamptz,
      address_changed_at timestamptz,
      stopped_at timestamptz,
      stopped_by text
    )`);
  await runner.query('CREATE INDEX opt_in_ask_contact ON opt_in_ask (contact_id)');
  await runner.query('CREATE INDEX opt_in_ask_enrolment ON opt_in_ask (enrolment_id)');
  await runner.query('CREATE INDEX opt_in_ask_workflow ON opt_in_ask (tenant_id, workflow_id, contact_id)');
}

/** Proof of what was decided, and of the words that were shown. Ids only: it stays when the contact is erased. */
async function createConsentRecord(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE consent_text (
      hash text PRIMARY KEY,
      language text NOT NULL,
      version int NOT NULL,
      text text NOT NULL
    )`);
  await runner.query(`
    CREATE TABLE consent_record (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL,
      email_id uuid NOT NULL,
      decision text NOT NULL CHECK (decision IN ('opted-in', 'declined')),
      how text NOT NULL CHECK (how IN ('form', 'one-click')),
      text_hash text NOT NULL REFERENCES consent_text (hash),
      at timestamptz NOT NULL DEFAULT now()
    )`);
  await runner.query('CREATE INDEX consent_record_contact ON consent_record (contact_id, at, id)');
  await makeAppendOnly(runner, ['consent_record', 'consent_text']);
}

/** Why a contact was not removed for its silence: the visible reason of each guard. */
async function createExpungeDecline(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE expunge_decline (
      contact_id uuid NOT NULL REFERENCES contact (id),
      enrolment_id uuid NOT NULL,
      reason text NOT NULL,
      tenant_id uuid NOT NULL,
      first_at timestamptz NOT NULL DEFAULT now(),
      last_at timestamptz NOT NULL DEFAULT now(),
      times int NOT NULL DEFAULT 1,
      PRIMARY KEY (contact_id, enrolment_id, reason)
    )`);
}

/** How many contacts of a client were removed for their silence, by day (UTC): the daily cap counts here. */
async function createSilentExpungeDay(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE silent_expunge_day (
      tenant_id uuid NOT NULL,
      day date NOT NULL,
      expunged int NOT NULL,
      PRIMARY KEY (tenant_id, day)
    )`);
}
