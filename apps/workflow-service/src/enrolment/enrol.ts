import type { EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { recordedTraceOf } from '#messaging';
import type { ActiveWorkflow } from '../workflows/active-workflows.js';

/** A known contact `f` that the filter of version `v` lets in. An empty list lets everybody in. */
export const MATCHES_FILTER = `(v.countries = '{}' OR f.country = ANY(v.countries))
  AND (v.import_ids = '{}' OR f.import_id = ANY(v.import_ids))`;

/** A known contact `f` that may still be asked. */
export const MAY_BE_ASKED = 'f.opted_in_at IS NULL AND f.declined_at IS NULL AND f.disabled_at IS NULL';

/**
 * Enrols those known contacts that a workflow's trigger and filter let in and that may still be asked, once for each
 * workflow, ever; a timer stands for the first step. One statement, under the subjects' locks. Returns how many it were.
 */
export async function enrol(
  tx: EntityManager,
  workflows: readonly ActiveWorkflow[],
  contacts: readonly { readonly contactId: string; readonly source: string }[],
): Promise<number> {
  const candidates = contacts.flatMap(({ contactId, source }) =>
    workflows
      .filter(({ trigger }) => trigger === source)
      // The same id from a restored database, so that the mails are the same and none is sent twice.
      .map(({ id, version }) => ({ id: uuidv5(contactId, id), contactId, workflowId: id, version })),
  );
  if (candidates.length === 0) return 0;
  const traced = recordedAmong(candidates);
  const [row]: { enrolled: number }[] = await tx.query(
    `WITH enrolled AS (
       INSERT INTO enrolment (id, tenant_id, contact_id, workflow_id, version)
       SELECT c.id, f.tenant_id, f.contact_id, c.workflow_id, c.version
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) AS c (id, contact_id, workflow_id, version)
       JOIN contact_fact f USING (contact_id)
       JOIN workflow_version v ON v.workflow_id = c.workflow_id AND v.number = c.version AND v.tenant_id = f.tenant_id
       WHERE ${MAY_BE_ASKED} AND ${MATCHES_FILTER}
       ON CONFLICT DO NOTHING
       RETURNING id, tenant_id, contact_id),
     begun AS (
       INSERT INTO timer (contact_id, enrolment_id, tenant_id, due_at, traceparent)
       SELECT contact_id, id, tenant_id, now(), t.traceparent
       FROM enrolled LEFT JOIN unnest($5::uuid[], $6::text[]) AS t (id, traceparent) USING (id))
     SELECT count(*)::int AS enrolled FROM enrolled`,
    [
      candidates.map(({ id }) => id),
      candidates.map(({ contactId }) => contactId),
      candidates.map(({ workflowId }) => workflowId),
      candidates.map(({ version }) => version),
      traced.map(({ id }) => id),
      traced.map(({ traceparent }) => traceparent),
    ],
  );
  return row?.enrolled ?? 0;
}

/** Those whose trace somebody records: few, so that looking them up in the statement costs nothing. */
const recordedAmong = (candidates: readonly { readonly id: string; readonly contactId: string }[]) =>
  candidates.flatMap(({ id, contactId }) => {
    const traceparent = recordedTraceOf(contactId);
    return traceparent === undefined ? [] : [{ id, traceparent }];
  });
