import type { EntityManager } from 'typeorm';
import type { TenantCaller } from '#service';

export const CONSENT_STATES = [
  'not-asked',
  'asked',
  'opted-in',
  'declined',
  'undeliverable',
  'on-hold',
  'stopped',
] as const;
/** Where a contact stands. `stopped`: somebody at the client took it out; nobody asks it, or removes it for its silence. */
export type ConsentState = (typeof CONSENT_STATES)[number];

export interface Standing {
  readonly contactId: string;
  readonly state: ConsentState;
  /** When whoever has not opted in is removed; null when nobody will be, or the time has not begun. */
  readonly endsAt: Date | null;
  /** Begun days count as whole ones; 0 when the time is over. */
  readonly daysLeft: number | null;
}

/** Whose standing, seen by whom. */
export interface Look {
  readonly tenantId: string;
  readonly contactIds: readonly string[];
  /** Only what this workflow has asked; all of them when undefined. */
  readonly workflowId?: string;
  /** A legal hold is no business of the client's admin. */
  readonly showHolds: boolean;
}

export const maySeeHolds = ({ roles }: TenantCaller): boolean =>
  roles.includes('recruiter') || roles.includes('privacy-officer');

/** Where contacts stand, in the order of their ids. Those of a workflow that are disabled or going wait for nothing: left out. */
export function standingsOf(tx: EntityManager, look: Look): Promise<Standing[]> {
  return tx.query(`${STANDING} ORDER BY "contactId"`, valuesOf(look));
}

/** How many contacts are in each state. */
export function countStandings(
  tx: EntityManager,
  look: Look,
): Promise<{ readonly state: ConsentState; readonly contacts: number }[]> {
  return tx.query(
    `SELECT state, count(*)::int AS contacts FROM (${STANDING}) AS standing GROUP BY state ORDER BY state`,
    valuesOf(look),
  );
}

const valuesOf = ({ tenantId, contactIds, workflowId, showHolds }: Look): unknown[] => [
  tenantId,
  contactIds,
  workflowId ?? null,
  showHolds,
];

/**
 * Mails to an address the contact has no more count for nothing. An enrolment fails when each mail of it came back for
 * now; a contact is undeliverable when all its enrolments have failed, or when a mail of any came back for good. It is removed
 * when the time that each of its mails names is over, so of several the last to end counts. The order of the cases is that of the rule by which silent contacts are removed.
 * Lateral, and each look fenced by OFFSET 0: so a contact costs its own rows by their ids, even when the planner knows nothing
 * of the tables yet and would rather walk through all rows of the tenant.
 */
const STANDING = `
  SELECT given.contact_id AS "contactId", standing.state, told.ends_at AS "endsAt",
    CASE WHEN told.ends_at IS NOT NULL
      THEN GREATEST(0, ceil(extract(epoch FROM told.ends_at - clock_timestamp()) / 86400))::int END AS "daysLeft"
  FROM unnest($2::uuid[]) AS given (contact_id)
  CROSS JOIN LATERAL (SELECT * FROM contact WHERE id = given.contact_id OFFSET 0) AS contact
  CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS known, bool_or(complained) AS complained,
      bool_or(unreachable) OR bool_and(failed) FILTER (WHERE NOT stopped) AS failed,
      max(ends_at) FILTER (WHERE NOT stopped AND NOT failed) AS ends_at
    FROM (
      SELECT bool_or(stopped_at IS NOT NULL) AS stopped, bool_or(complained_at IS NOT NULL) AS complained,
        bool_or(rejected_at IS NOT NULL OR bounce_kind IS NOT DISTINCT FROM 'hard') AS unreachable,
        bool_and(bounce_kind IS NOT NULL) AS failed,
        max(accepted_at + grace_seconds * interval '1 second') FILTER (WHERE bounce_kind IS NULL AND grace_seconds > 0)
          AS ends_at
      FROM (SELECT * FROM opt_in_ask WHERE contact_id = contact.id OFFSET 0) AS ask
      WHERE tenant_id = $1 AND address_changed_at IS NULL AND ($3::uuid IS NULL OR workflow_id = $3)
      GROUP BY enrolment_id
    ) AS enrolment
  ) AS asked
  CROSS JOIN LATERAL (
    SELECT CASE
      WHEN consent = 'opted-in' THEN 'opted-in'
      WHEN contact.asking_stopped_at IS NOT NULL THEN 'stopped'
      WHEN $4 AND EXISTS (SELECT FROM (SELECT * FROM hold WHERE contact_id = contact.id OFFSET 0) AS hold
        WHERE lifted_at IS NULL AND (until IS NULL OR until > clock_timestamp())) THEN 'on-hold'
      WHEN asked.failed THEN 'undeliverable'
      WHEN consent = 'declined' OR asked.complained THEN 'declined'
      WHEN asked.known THEN 'asked'
      ELSE 'not-asked'
    END AS state
  ) AS standing
  CROSS JOIN LATERAL (
    SELECT CASE WHEN contact.state = 'active' AND standing.state IN ('asked', 'declined') THEN asked.ends_at END AS ends_at
  ) AS told
  WHERE contact.tenant_id = $1
    AND (contact.state = 'active' OR ($3::uuid IS NULL AND contact.state = 'disabled'))`;
