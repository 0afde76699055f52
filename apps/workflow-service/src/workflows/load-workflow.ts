import type { EntityManager } from 'typeorm';
import { NotFound, Rejection } from '#service';
import type { ExistingRun, PendingActivation, VersionView, WorkflowSummary, WorkflowView } from './workflow-view.js';

/** Of a {@link WorkflowSummary}. */
export const SUMMARY_COLUMNS = `id, name, trigger, state, revision, created_at AS "createdAt", changed_at AS "changedAt"`;

/** Throws {@link NotFound}. */
export async function loadSummary(tx: EntityManager, tenantId: string, id: string): Promise<WorkflowSummary> {
  const [found]: WorkflowSummary[] = await tx.query(
    `SELECT ${SUMMARY_COLUMNS} FROM workflow WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id],
  );
  if (!found) throw new NotFound();
  return found;
}

/** Locks a workflow for a change by somebody who has seen this revision of it. */
export async function lockWorkflow(
  tx: EntityManager,
  tenantId: string,
  id: string,
  revision: number,
): Promise<WorkflowSummary> {
  await tx.query('SELECT FROM workflow WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [tenantId, id]);
  const found = await loadSummary(tx, tenantId, id);
  if (found.revision !== revision) {
    throw new Rejection('changed-meanwhile', 'Somebody has changed this workflow meanwhile: look at it again.');
  }
  if (found.state === 'archived') throw new Rejection('archived', 'This workflow is archived: duplicate it.');
  return found;
}

/** Newest first. */
export async function loadVersions(tx: EntityManager, workflowId: string): Promise<VersionView[]> {
  const rows: VersionRow[] = await tx.query(
    `SELECT number, state, steps, countries, import_ids AS "importIds", starts_at AS "startsAt", ends_at AS "endsAt",
       created_at AS "createdAt", activated_at AS "activatedAt", activated_by AS "activatedBy"
     FROM workflow_version WHERE workflow_id = $1 ORDER BY number DESC`,
    [workflowId],
  );
  return rows.map(({ countries, importIds, ...version }) =>
    withoutNulls({ ...version, filter: { countries, importIds } }),
  );
}

type VersionRow = Omit<VersionView, 'filter'> & { countries: string[]; importIds: string[] };

/** Everything about one workflow. Throws {@link NotFound}. */
export async function loadWorkflow(tx: EntityManager, tenantId: string, id: string): Promise<WorkflowView> {
  const { name, trigger, state, revision, createdAt, changedAt } = await loadSummary(tx, tenantId, id);
  const versions = await loadVersions(tx, id);
  const [pendingActivation]: PendingActivation[] = await tx.query(
    `SELECT affected, requested_by AS "requestedBy", requested_at AS "requestedAt"
     FROM activation_request WHERE workflow_id = $1`,
    [id],
  );
  const [existing]: ExistingRun[] = await tx.query(
    `SELECT looked_at AS "lookedAt", enrolled, started_at AS "startedAt", finished_at AS "finishedAt"
     FROM existing_run WHERE workflow_id = $1`,
    [id],
  );
  return {
    id,
    name,
    trigger,
    state,
    revision,
    createdAt,
    changedAt,
    versions,
    pendingActivation,
    existing: existing && withoutNulls(existing),
  };
}

/** Columns that are not set are left out of answers. */
function withoutNulls<T extends object>(row: T): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as T;
}
