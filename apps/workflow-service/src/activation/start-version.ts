import type { EntityManager } from 'typeorm';
import { touchWorkflow } from '../workflows/write-version.js';

export interface Start {
  readonly tenantId: string;
  readonly workflowId: string;
  readonly number: number;
  readonly by: string;
  readonly enrolExisting: boolean;
}

/**
 * Makes a draft the active version; the one before is retired and goes on for those it has enrolled. It enrols nobody any
 * more, known contacts neither: what was agreed to about it does not hold for its successor.
 */
export async function startVersion(tx: EntityManager, start: Start): Promise<void> {
  const { tenantId, workflowId, number, by, enrolExisting } = start;
  const of = [workflowId, tenantId];
  await tx.query(
    `UPDATE workflow_version SET state = 'retired' WHERE workflow_id = $1 AND tenant_id = $2 AND state = 'active'`,
    of,
  );
  await tx.query(
    `UPDATE workflow_version SET state = 'active', activated_at = now(), activated_by = $4
     WHERE workflow_id = $1 AND tenant_id = $2 AND number = $3`,
    [...of, number, by],
  );
  await tx.query(`UPDATE workflow SET state = 'active' WHERE id = $1 AND tenant_id = $2`, of);
  await touchWorkflow(tx, { tenantId, workflowId });
  if (!enrolExisting) return endRun(tx, workflowId, tenantId);
  await tx.query('DELETE FROM existing_run WHERE workflow_id = $1 AND tenant_id = $2', of);
  // Not now(), which is before the lock of the definitions was waited for: some who are counted became known meanwhile.
  await tx.query(
    'INSERT INTO existing_run (workflow_id, tenant_id, started_at) VALUES ($1, $2, clock_timestamp())',
    of,
  );
}

/** Known contacts that are not enrolled yet stay so. */
export async function endRun(tx: EntityManager, workflowId: string, tenantId: string): Promise<void> {
  await tx.query(
    'UPDATE existing_run SET finished_at = now() WHERE workflow_id = $1 AND tenant_id = $2 AND finished_at IS NULL',
    [workflowId, tenantId],
  );
}
