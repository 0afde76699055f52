import type { EntityManager } from 'typeorm';
import type { Trigger } from './workflow.js';

/** A workflow that takes contacts in at this moment, and the version they are pinned to. */
export interface ActiveWorkflow {
  readonly id: string;
  readonly trigger: Trigger;
  readonly version: number;
}

/**
 * Definitions of a client change alone: whoever enrols holds this lock too, shared, and looks for active workflows only then.
 * So a contact that is added while a workflow is activated or archived is either before it or after it, and who enrols the
 * known contacts misses none. Taken after the subjects.
 */
export async function lockDefinitions(tx: EntityManager, tenantId: string, mode: 'to-enrol' | 'to-change') {
  const lock = mode === 'to-enrol' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await tx.query(`SELECT ${lock}(hashtextextended('workflows of ' || $1, 0))`, [tenantId]);
}

/** The active workflows of a client whose time has begun and not ended. Who enrols in them looks under {@link lockDefinitions}. */
export async function activeWorkflows(tx: EntityManager, tenantId: string): Promise<ActiveWorkflow[]> {
  return tx.query(
    `SELECT w.id, w.trigger, v.number AS version
     FROM workflow w JOIN workflow_version v ON v.workflow_id = w.id AND v.state = 'active'
     WHERE w.tenant_id = $1 AND w.state = 'active'
       AND (v.starts_at IS NULL OR v.starts_at <= clock_timestamp())
       AND (v.ends_at IS NULL OR v.ends_at > clock_timestamp())`,
    [tenantId],
  );
}
