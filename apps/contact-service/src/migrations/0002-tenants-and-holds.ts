import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants, joinTenants, keepOutOfStatistics } from '#messaging';
import { createAuditTables, dropAuditTables } from '#service';

/** See PERSONAL in the first migration: whatever people typed, and what leads to one. */
const PERSONAL = {
  expunge_policy_change: 'reason close_reason checklist requested_by approved_by closed_by',
  kill_switch_change: 'reason changed_by',
  hold: 'case_reference reason lift_reason placed_by lifted_by',
  waiting_expunge: 'status_token',
};

const OF_A_TENANT = [
  'subject',
  'contact',
  'note',
  'removal',
  'expunge_policy_change',
  'kill_switch_change',
  'hold',
  'waiting_expunge',
];

/** Tenants kept apart by the database; expunge that two sides enable; kill switch, holds and requests that wait. */
export class TenantsAndHolds1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createAuditTables(runner);
    await createPolicyChange(runner);
    await extendTenant(runner);
    await createKillSwitchChange(runner);
    await createHold(runner);
    await createWaitingExpunge(runner);
    await extendContact(runner);
    await isolate(runner);
    await keepOutOfStatistics(runner, PERSONAL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE waiting_expunge, hold, kill_switch_change, expunge_policy_change');
    await dropAuditTables(runner);
    await joinTenants(runner, ['tenant', 'subject', 'contact', 'note', 'removal']);
    await runner.query('ALTER TABLE contact DROP COLUMN disabled_at');
    await runner.query(
      'ALTER TABLE tenant DROP COLUMN expunge_from, DROP COLUMN soft_deleted, DROP COLUMN kill_switch_since',
    );
  }
}

/**
 * The policy in force is 'permanent' from expunge_from on, by the database's clock: no timer has to fire for it. What one side
 * alone had switched on is off until both have agreed.
 */
async function extendTenant(runner: QueryRunner): Promise<void> {
  await runner.query(`
    ALTER TABLE tenant
      ADD COLUMN expunge_from timestamptz,
      ADD COLUMN soft_deleted text CHECK (soft_deleted IN ('keep', 'expunge')),
      ADD COLUMN kill_switch_since timestamptz`);
  await runner.query(`
    WITH off AS (UPDATE tenant SET expunge_policy = 'off' WHERE expunge_policy = 'permanent' RETURNING id),
    added AS (
      INSERT INTO audit_log (tenant_id, at, actor, action, target, outcome, detail)
      SELECT id, clock_timestamp(), 'system', 'expunge-policy.switched-off', id, 'done', '{"why": "never-agreed"}' FROM off
      RETURNING seq)
    INSERT INTO audit_unchained (seq) SELECT seq FROM added`);
  await runner.query(`
    ALTER TABLE tenant ADD CONSTRAINT tenant_expunge CHECK (
      num_nulls(expunge_from, soft_deleted) = CASE expunge_policy WHEN 'permanent' THEN 0 ELSE 2 END
    )`);
}

/** One row for each time somebody asked for expunge to be enabled, from the request to its end. Never deleted. */
async function createPolicyChange(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE expunge_policy_change (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenant (id),
      effective_at timestamptz NOT NULL,
      reason text NOT NULL,
      checklist jsonb NOT NULL,
      requested_at timestamptz NOT NULL,
      requested_by text NOT NULL,
      requested_side text NOT NULL CHECK (requested_side IN ('vendor', 'client')),
      approved_at timestamptz,
      approved_by text,
      closed_at timestamptz,
      closed_by text,
      closed_side text CHECK (closed_side IN ('vendor', 'client', 'system')),
      closed_how text CHECK (closed_how IN ('withdrawn', 'expired', 'switched-off')),
      close_reason text,
      CHECK (num_nulls(approved_at, approved_by) IN (0, 2)),
      CHECK (num_nulls(closed_at, closed_by, closed_side, closed_how) IN (0, 4))
    )`);
  await runner.query(
    'CREATE INDEX expunge_policy_change_listed ON expunge_policy_change (tenant_id, requested_at, id)',
  );
  await runner.query(
    'CREATE UNIQUE INDEX expunge_policy_change_open ON expunge_policy_change (tenant_id) WHERE closed_at IS NULL',
  );
  await runner.query(`
    INSERT INTO expunge_policy_change (id, tenant_id, effective_at, reason, checklist, requested_at, requested_by,
      requested_side, closed_at, closed_by, closed_side, closed_how, close_reason)
    SELECT gen_random_uuid(), id, updated_at, 'Enabled before two sides had to agree.', '{"softDeleted": "keep"}',
      updated_at, 'earlier-version', 'vendor', now(), 'system', 'system', 'switched-off', 'The client has never agreed.'
    FROM tenant WHERE expunge_policy = 'permanent'`);
}

async function createKillSwitchChange(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE kill_switch_change (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenant (id),
      switched_on boolean NOT NULL,
      reason text NOT NULL,
      changed_by text NOT NULL,
      changed_at timestamptz NOT NULL
    )`);
  await runner.query('CREATE INDEX kill_switch_change_listed ON kill_switch_change (tenant_id, changed_at, id)');
}

/** Goes with its contact. A hold holds while lifted_at is null and until is null or still to come. */
async function createHold(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE hold (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL REFERENCES contact (id),
      case_reference text NOT NULL,
      reason text NOT NULL,
      until timestamptz,
      placed_by text NOT NULL,
      placed_at timestamptz NOT NULL DEFAULT now(),
      lifted_by text,
      lifted_at timestamptz,
      lift_reason text,
      CHECK (num_nulls(lifted_by, lifted_at, lift_reason) IN (0, 3))
    )`);
  await runner.query('CREATE INDEX hold_contact ON hold (contact_id, id)');
  await runner.query('CREATE INDEX hold_active ON hold (tenant_id, id) WHERE lifted_at IS NULL');
}

/** A removal that was asked for and must not begin yet. The row is the timer; look_at is null while nobody knows when. */
async function createWaitingExpunge(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE waiting_expunge (
      contact_id uuid PRIMARY KEY REFERENCES contact (id),
      tenant_id uuid NOT NULL,
      expunge_id uuid NOT NULL UNIQUE,
      status_token text NOT NULL,
      requested_by text NOT NULL,
      reason text NOT NULL,
      requested_at timestamptz NOT NULL,
      waiting_for text[] NOT NULL CHECK (cardinality(waiting_for) > 0),
      look_at timestamptz,
      skipped_at timestamptz
    )`);
  await runner.query('CREATE INDEX waiting_expunge_due ON waiting_expunge (look_at) WHERE look_at IS NOT NULL');
  await runner.query('CREATE INDEX waiting_expunge_tenant ON waiting_expunge (tenant_id)');
}

/** For contacts disabled before now the time of their last change is the best that is known. */
async function extendContact(runner: QueryRunner): Promise<void> {
  await runner.query('ALTER TABLE contact ADD COLUMN disabled_at timestamptz');
  await runner.query(`UPDATE contact SET disabled_at = updated_at WHERE state = 'disabled'`);
}

async function isolate(runner: QueryRunner): Promise<void> {
  await isolateTenants(runner, OF_A_TENANT);
  await isolateTenants(runner, ['tenant'], 'id');
}
