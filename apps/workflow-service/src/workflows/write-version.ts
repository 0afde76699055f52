import type { EntityManager } from 'typeorm';
import type { VersionFacts } from './definition.js';

interface WorkflowOf {
  readonly tenantId: string;
  readonly workflowId: string;
}

/** Writes the draft version: the one there is, or a new one after the newest. What was activated is not touched. */
export async function writeDraft(
  tx: EntityManager,
  { tenantId, workflowId }: WorkflowOf,
  { steps, filter, startsAt, endsAt }: VersionFacts,
): Promise<void> {
  await tx.query(
    `INSERT INTO workflow_version AS v (workflow_id, number, tenant_id, state, steps, countries, import_ids, starts_at, ends_at)
     SELECT $1, coalesce(max(number), 0) + 1, $2, 'draft', $3, $4, $5, $6, $7 FROM workflow_version WHERE workflow_id = $1
     ON CONFLICT (workflow_id) WHERE state = 'draft' DO UPDATE
     SET steps = EXCLUDED.steps, countries = EXCLUDED.countries, import_ids = EXCLUDED.import_ids,
       starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at`,
    [
      workflowId,
      tenantId,
      JSON.stringify(steps),
      filter?.countries ?? [],
      filter?.importIds ?? [],
      startsAt ?? null,
      endsAt ?? null,
    ],
  );
}

/** Counts a change of a locked workflow. An activation somebody has asked for was of what it said before, and is off. */
export async function touchWorkflow(
  tx: EntityManager,
  { tenantId, workflowId }: WorkflowOf,
  name?: string,
): Promise<void> {
  const of = [workflowId, tenantId];
  await tx.query('DELETE FROM activation_request WHERE workflow_id = $1 AND tenant_id = $2', of);
  await tx.query(
    `UPDATE workflow SET revision = revision + 1, changed_at = now(), name = coalesce($3, name)
     WHERE id = $1 AND tenant_id = $2`,
    [...of, name ?? null],
  );
}
