import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { addWorkflow } from './seed.js';

const CHUNK = 100_000;

/**
 * Leaves as many contacts in workflow-service's database as are due now, with enrolments and timers as after a month of
 * waiting, and a probe for each of the next seconds; whoever was there before is gone.
 */
export async function setTimers(db: pg.Client, due: number, probes: number): Promise<void> {
  await db.query('TRUNCATE timer, enrolment, subject CASCADE');
  const workflow = await aWorkflow(db);
  for (let made = 0; made < due; made += CHUNK) await setChunk(db, workflow, Math.min(CHUNK, due - made), 'now()');
  await setChunk(db, workflow, probes, `now() + row_number() OVER () * interval '1 second'`);
  await db.query('VACUUM ANALYZE');
  await db.query('CHECKPOINT');
  await db.query(`UPDATE timer SET due_at = due_at + (now() - (SELECT min(due_at) FROM timer)) WHERE due_at > now()`);
}

interface Workflow {
  readonly tenantId: string;
  readonly workflowId: string;
}

async function aWorkflow(db: pg.Client): Promise<Workflow> {
  const [tenantId, workflowId] = [randomUUID(), randomUUID()];
  await addWorkflow(db, tenantId, workflowId);
  // As after a month of looks: the next one is an hour away.
  await db.query('INSERT INTO reconciliation (tenant_id, last_run_at) VALUES ($1, now())', [tenantId]);
  return { tenantId, workflowId };
}

async function setChunk(db: pg.Client, { tenantId, workflowId }: Workflow, rows: number, dueAt: string): Promise<void> {
  await db.query('BEGIN');
  await db.query(
    `CREATE TEMP TABLE made ON COMMIT DROP AS
     SELECT gen_random_uuid() AS id, gen_random_uuid() AS contact_id, ${dueAt} AS due_at FROM generate_series(1, $1::int)`,
    [rows],
  );
  await db.query('INSERT INTO subject (contact_id, tenant_id) SELECT contact_id, $1 FROM made', [tenantId]);
  await db.query(
    `INSERT INTO enrolment (id, tenant_id, contact_id, workflow_id, version, step, opt_in_mail, accepted_at)
     SELECT id, $1, contact_id, $2, 1, 2, gen_random_uuid(), now() - interval '30 days' FROM made`,
    [tenantId, workflowId],
  );
  await db.query(
    'INSERT INTO timer (contact_id, enrolment_id, tenant_id, due_at) SELECT contact_id, id, $1, due_at FROM made',
    [tenantId],
  );
  await db.query('COMMIT');
}
