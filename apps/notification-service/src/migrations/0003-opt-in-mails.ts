import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from '#messaging';

/** Mails that ask to opt in: what they promise, how many may go out a day, and what came back. */
export class OptInMails1767000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await extendMail(runner);
    await createSendBudget(runner);
    await createMailBounce(runner);
    await isolateTenants(runner, ['send_budget', 'send_pause', 'mail_bounce']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mail_bounce, send_pause, send_budget');
    await runner.query('DROP INDEX mail_due, mail_due_opt_in, mail_due_of_tenant');
    await runner.query('ALTER TABLE mail DROP COLUMN budget_day, DROP COLUMN grace_seconds');
    await runner.query('CREATE INDEX mail_due ON mail (due_at)');
  }
}

const OPT_IN = `purpose IN ('opt-in', 'opt-in-reminder')`;

/** Two queues: the mails one person waits for are found however many ask for consent. */
async function extendMail(runner: QueryRunner): Promise<void> {
  await runner.query('ALTER TABLE mail ADD COLUMN grace_seconds int, ADD COLUMN budget_day date');
  await runner.query('DROP INDEX mail_due');
  await runner.query(`CREATE INDEX mail_due ON mail (due_at) WHERE NOT ${OPT_IN}`);
  await runner.query(`CREATE INDEX mail_due_opt_in ON mail (due_at) WHERE ${OPT_IN}`);
  await runner.query(`CREATE INDEX mail_due_of_tenant ON mail (tenant_id, due_at) WHERE ${OPT_IN}`);
}

/** Counts by day (UTC), without anybody in them: they stay when a contact is erased. */
async function createSendBudget(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE send_budget (
      tenant_id uuid NOT NULL,
      domain text NOT NULL,
      day date NOT NULL,
      sent int NOT NULL DEFAULT 0,
      hard_bounces int NOT NULL DEFAULT 0,
      soft_bounces int NOT NULL DEFAULT 0,
      complaints int NOT NULL DEFAULT 0,
      forgiven int NOT NULL DEFAULT 0,
      PRIMARY KEY (tenant_id, domain, day)
    )`);
  await runner.query(`
    CREATE TABLE send_pause (
      tenant_id uuid PRIMARY KEY,
      paused_at timestamptz NOT NULL DEFAULT now()
    )`);
}

/** Told to others once the outcome of the mail is: a report can be faster than the answer of the server that accepted. */
async function createMailBounce(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE mail_bounce (
      email_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL,
      expunge_id uuid,
      purpose text NOT NULL,
      code text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      told boolean NOT NULL,
      PRIMARY KEY (email_id, kind)
    )`);
  await runner.query('CREATE INDEX mail_bounce_contact ON mail_bounce (contact_id)');
  await runner.query('CREATE INDEX mail_bounce_at ON mail_bounce USING brin (at)');
}
