/** A row of the log as the chain sees it: every column as PostgreSQL prints it, times in UTC to the microsecond. */
export interface AuditRow {
  readonly seq: string;
  readonly tenantId: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  readonly detail: string;
}

/** Columns of an {@link AuditRow} in a statement that calls the table `log`. */
export const AUDIT_ROW = `log.seq, log.tenant_id AS "tenantId",
  to_char(log.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
  log.actor, log.action, log.target, log.outcome, log.detail::text AS detail`;
