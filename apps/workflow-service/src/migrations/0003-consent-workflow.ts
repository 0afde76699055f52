import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from '#messaging';

const NEW_TABLES = [
  'workflow_version',
  'activation_request',
  'existing_run',
  'contact_fact',
  'enrolment',
  'timer',
  'reconciliation',
];

/**
 * Definitions with versions, enrolments pinned to one, timers, and facts about contacts. What was enrolled before had no
 * steps to go through: it becomes a fact about the contact, and its workflow a draft.
 */
export class ConsentWorkflow1767000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createContactFact(runner);
    await runner.query('DROP TABLE timer, enrolment');
    await createDefinitions(runner);
    await createEnrolment(runner);
    await createTimer(runner);
    await createReconciliation(runner);
    await isolateTenants(runner, NEW_TABLES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${NEW_TABLES.toReversed().join(', ')}`);
    await runner.query('DROP INDEX workflow_active');
    await runner.query(
      'DELETE FROM workflow w USING workflow o WHERE o.tenant_id = w.tenant_id AND o.trigger = w.trigger AND o.id < w.id',
    );
    await runner.query('ALTER TABLE workflow DROP COLUMN state, DROP COLUMN revision, DROP COLUMN changed_at');
    await runner.query('ALTER TABLE workflow ADD UNIQUE (tenant_id, trigger)');
    await recreateOldTables(runner);
    await isolateTenants(runner, ['enrolment', 'timer']);
  }
}

/** Of contacts that were added or imported: ids, codes and times. For dry runs, and to enrol those who are known already. */
async function createContactFact(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE contact_fact (
      contact_id uuid PRIMARY KEY REFERENCES subject (contact_id),
      tenant_id uuid NOT NULL,
      source text NOT NULL CHECK (source IN ('manual', 'import')),
      import_id uuid,
      country text,
      added_at timestamptz NOT NULL,
      opted_in_at timestamptz,
      declined_at timestamptz,
      disabled_at timestamptz
    )`);
  await runner.query('CREATE INDEX contact_fact_source ON contact_fact (tenant_id, source, contact_id)');
  await runner.query(`
    INSERT INTO contact_fact (contact_id, tenant_id, source, added_at)
    SELECT DISTINCT ON (e.contact_id) e.contact_id, e.tenant_id, w.trigger, e.enrolled_at
    FROM enrolment e JOIN workflow w ON w.id = e.workflow_id ORDER BY e.contact_id, e.enrolled_at`);
}

async function createDefinitions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    ALTER TABLE workflow
      DROP CONSTRAINT workflow_tenant_id_trigger_key,
      ADD COLUMN state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'active', 'archived')),
      ADD COLUMN revision int NOT NULL DEFAULT 1,
      ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now()`);
  await runner.query(`CREATE UNIQUE INDEX workflow_active ON workflow (tenant_id, trigger) WHERE state = 'active'`);
  await runner.query('CREATE INDEX workflow_tenant ON workflow (tenant_id)');
  await createVersion(runner);
  await runner.query(`
    CREATE TABLE activation_request (
      workflow_id uuid PRIMARY KEY REFERENCES workflow (id),
      tenant_id uuid NOT NULL,
      affected int NOT NULL,
      requested_by text NOT NULL,
      requested_at timestamptz NOT NULL DEFAULT now()
    )`);
  await runner.query(`
    CREATE TABLE existing_run (
      workflow_id uuid PRIMARY KEY REFERENCES workflow (id),
      tenant_id uuid NOT NULL,
      after_contact uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
      looked_at int NOT NULL DEFAULT 0,
      enrolled int NOT NULL DEFAULT 0,
      started_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz
    )`);
}

/** What was activated is never changed: enrolments are pinned to it, and mails have promised what it says. */
async function createVersion(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE workflow_version (
      workflow_id uuid NOT NULL REFERENCES workflow (id),
      number int NOT NULL,
      tenant_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('draft', 'active', 'retired')),
      steps jsonb NOT NULL,
      countries text[] NOT NULL DEFAULT '{}',
      import_ids uuid[] NOT NULL DEFAULT '{}',
      starts_at timestamptz,
      ends_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      activated_at timestamptz,
      activated_by text,
      PRIMARY KEY (workflow_id, number),
      CHECK ((state = 'draft') = (activated_at IS NULL))
    )`);
  for (const state of ['draft', 'active']) {
    await runner.query(
      `CREATE UNIQUE INDEX workflow_version_${state} ON workflow_version (workflow_id) WHERE state = '${state}'`,
    );
  }
  await runner.query(`
    INSERT INTO workflow_version (workflow_id, number, tenant_id, state, steps)
    SELECT id, 1, tenant_id, 'draft', '[{"action": "send-opt-in"}, {"action": "wait", "seconds": 2592000}]' FROM workflow`);
}

/**
 * Half of each page stays free, and no index is on what changes: when an import's timers fire all at once, every row of a
 * page is rewritten in one transaction, inside its page and without touching an index.
 */
async function createEnrolment(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE enrolment (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL REFERENCES subject (contact_id),
      workflow_id uuid NOT NULL,
      version int NOT NULL,
      state text NOT NULL DEFAULT 'waiting' CHECK (
        state IN ('waiting', 'declined', 'opted-in', 'undeliverable', 'stopped', 'expunging', 'ended')),
      declined boolean NOT NULL DEFAULT false,
      step int NOT NULL DEFAULT 0,
      attempt int NOT NULL DEFAULT 1,
      opt_in_mail uuid,
      accepted_at timestamptz,
      asked_at timestamptz,
      postponed int NOT NULL DEFAULT 0,
      late_timers int NOT NULL DEFAULT 0,
      reason text,
      enrolled_at timestamptz NOT NULL DEFAULT now(),
      changed_at timestamptz NOT NULL DEFAULT now(),
      FOREIGN KEY (workflow_id, version) REFERENCES workflow_version (workflow_id, number),
      UNIQUE (contact_id, workflow_id)
    ) WITH (fillfactor = 50)`);
  await runner.query('CREATE INDEX enrolment_workflow ON enrolment (workflow_id, id)');
}

/**
 * Without a reference to its enrolment, which would lock that row each time; both are written under the subject's lock only,
 * and the reconciler looks. Rows come and go all the time, so the dead ones at the front of `due_at` are cleared early.
 */
async function createTimer(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE timer (
      contact_id uuid NOT NULL,
      enrolment_id uuid NOT NULL,
      tenant_id uuid NOT NULL,
      due_at timestamptz NOT NULL,
      PRIMARY KEY (contact_id, enrolment_id)
    ) WITH (autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)`);
  await runner.query('CREATE INDEX timer_due ON timer (due_at)');
}

async function createReconciliation(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE reconciliation (
      tenant_id uuid PRIMARY KEY,
      last_run_at timestamptz,
      timers_restored int NOT NULL DEFAULT 0,
      timers_removed int NOT NULL DEFAULT 0,
      asked_again int NOT NULL DEFAULT 0,
      unknown_mails int NOT NULL DEFAULT 0
    )`);
}

/** As the first two migrations had made them. */
async function recreateOldTables(runner: QueryRunner): Promise<void> {
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
      due_at timestamptz NOT NULL,
      tenant_id uuid NOT NULL
    )`);
  await runner.query('CREATE INDEX timer_contact ON timer (contact_id)');
  await runner.query('CREATE INDEX timer_due ON timer (due_at)');
}
