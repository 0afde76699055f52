import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { lockKnownSubjects } from '#erasure';
import { type PumpResult, Pumps, TenantTurns } from '#service';
import { enrol } from '../enrolment/enrol.js';
import { lookUpByKey } from '../enrolment/look-up-by-key.js';
import { activeWorkflows, lockDefinitions } from '../workflows/active-workflows.js';

const CHUNK = 1_000;
const PUMP = { name: 'enrol-existing', everyMs: 5_000 };

interface Run {
  readonly workflowId: string;
  readonly tenantId: string;
  readonly source: string;
  readonly after: string;
  readonly startedAt: string;
  /** Where the version starts later: the moment of the activation, as who became known after it was not counted. */
  readonly knownUntil: string | null;
}

/**
 * Enrols the contacts that were known before an activation, chunk by chunk in the order of their ids. How far it is stands
 * in the row, written with each chunk, so another process goes on where one has died. It waits for the start of the version.
 */
@Injectable()
export class EnrolExisting implements OnModuleInit {
  private readonly turns = new TenantTurns<Run>(PUMP, { find: nextRun, run: enrolChunk });

  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ ...PUMP, run: () => this.execute() });
  }

  /** Enrols one chunk of one run; 'more' when there may be others. */
  execute(): Promise<PumpResult> {
    return this.turns.next(this.db);
  }
}

async function enrolChunk(tx: EntityManager, run: Run): Promise<void> {
  await lookUpByKey(tx);
  const ids = await nextContacts(tx, run);
  const subjects = await lockKnownSubjects(tx, ids);
  const living = ids.filter((id) => subjects.has(id) && !subjects.get(id)?.tombstone);
  await lockDefinitions(tx, run.tenantId, 'to-enrol');
  if (!(await advance(tx, run, ids))) return;
  const workflows = (await activeWorkflows(tx, run.tenantId)).filter(({ id }) => id === run.workflowId);
  const enrolled = await enrol(
    tx,
    workflows,
    living.map((contactId) => ({ contactId, source: run.source })),
  );
  await tx.query('UPDATE existing_run SET enrolled = enrolled + $3 WHERE workflow_id = $1 AND tenant_id = $2', [
    run.workflowId,
    run.tenantId,
    enrolled,
  ]);
}

async function nextRun(tx: EntityManager, passOver: readonly string[]): Promise<Run | undefined> {
  const [run]: Run[] = await tx.query(
    `SELECT r.workflow_id AS "workflowId", r.tenant_id AS "tenantId", w.trigger AS source, r.after_contact AS after,
       r.started_at::text AS "startedAt",
       CASE WHEN v.starts_at > r.started_at THEN r.started_at::text END AS "knownUntil"
     FROM existing_run r JOIN workflow w ON w.id = r.workflow_id AND w.state = 'active'
     JOIN workflow_version v ON v.workflow_id = w.id AND v.state = 'active'
     WHERE r.finished_at IS NULL AND r.tenant_id <> ALL($1::uuid[]) AND (v.starts_at IS NULL OR v.starts_at <= clock_timestamp())
       AND (v.ends_at IS NULL OR v.ends_at > clock_timestamp())
     ORDER BY r.started_at, r.workflow_id LIMIT 1`,
    [passOver],
  );
  return run;
}

async function nextContacts(tx: EntityManager, { tenantId, source, after, knownUntil }: Run): Promise<string[]> {
  const rows: { contact_id: string }[] = await tx.query(
    `SELECT contact_id FROM contact_fact WHERE tenant_id = $1 AND source = $2 AND contact_id > $3
       AND ($5::timestamptz IS NULL OR coalesce(known_at, added_at) <= $5)
     ORDER BY contact_id LIMIT $4`,
    [tenantId, source, after, CHUNK, knownUntil],
  );
  return rows.map((row) => row.contact_id);
}

/** False when another process has taken this chunk, or the run was begun anew or ended, since it was looked at. */
async function advance(tx: EntityManager, run: Run, ids: readonly string[]): Promise<boolean> {
  const [, moved]: [unknown, number] = await tx.query(
    `UPDATE existing_run SET after_contact = $4, looked_at = looked_at + $5,
       finished_at = CASE WHEN $5 < $6 THEN clock_timestamp() END
     WHERE workflow_id = $1 AND tenant_id = $7 AND after_contact = $2 AND started_at = $3::timestamptz AND finished_at IS NULL`,
    [run.workflowId, run.after, run.startedAt, ids.at(-1) ?? run.after, ids.length, CHUNK, run.tenantId],
  );
  return moved === 1;
}
