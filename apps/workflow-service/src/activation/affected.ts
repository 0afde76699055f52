import type { EntityManager } from 'typeorm';
import { MATCHES_FILTER, MAY_BE_ASKED } from '../enrolment/enrol.js';

export interface VersionOf {
  readonly tenantId: string;
  readonly workflowId: string;
  readonly number: number;
}

/** What would become of the known contacts that came in the workflow's way. Each is in one of the numbers after `known`. */
export interface Affected {
  readonly known: number;
  readonly filteredOut: number;
  readonly enrolledBefore: number;
  /** Opted in, declined or disabled. */
  readonly notAskedAgain: number;
  readonly wouldEnrol: number;
}

/** Counts over the facts; enrols nobody. */
export async function countAffected(tx: EntityManager, { tenantId, workflowId, number }: VersionOf): Promise<Affected> {
  const [counts]: Affected[] = await tx.query(
    `SELECT count(*)::int AS known,
       (count(*) FILTER (WHERE NOT matches))::int AS "filteredOut",
       (count(*) FILTER (WHERE matches AND enrolled))::int AS "enrolledBefore",
       (count(*) FILTER (WHERE matches AND NOT enrolled AND NOT askable))::int AS "notAskedAgain",
       (count(*) FILTER (WHERE matches AND NOT enrolled AND askable))::int AS "wouldEnrol"
     FROM (
       SELECT coalesce(${MATCHES_FILTER}, false) AS matches, ${MAY_BE_ASKED} AS askable, EXISTS (
           SELECT FROM enrolment e WHERE e.contact_id = f.contact_id AND e.workflow_id = w.id) AS enrolled
       FROM workflow w JOIN workflow_version v ON v.workflow_id = w.id AND v.number = $3
       JOIN contact_fact f ON f.tenant_id = w.tenant_id AND f.source = w.trigger
       WHERE w.tenant_id = $1 AND w.id = $2) AS contact`,
    [tenantId, workflowId, number],
  );
  return counts ?? { known: 0, filteredOut: 0, enrolledBefore: 0, notAskedAgain: 0, wouldEnrol: 0 };
}
