import type { EntityManager } from 'typeorm';
import type { TenantCaller } from '#service';
import type { Consent } from '../contacts/contact.js';
import type { ContactState } from '../expunge/expunge.decision.js';
import { endsOfActiveHolds } from '../holds/hold.js';
import { loadPolicy } from '../tenants/load-policy.js';
import { type ConsentState, type Decline, decideStanding, type Stand } from './standing.decision.js';
import { asksOf } from './opt-in-ask.js';

export interface Standing extends Stand {
  readonly contactId: string;
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
export async function standingsOf(tx: EntityManager, look: Look): Promise<Standing[]> {
  const { tenantId, workflowId, showHolds } = look;
  const contacts = await contactsOf(tx, look);
  const ids = contacts.map(({ contactId }) => contactId);
  const { policy, now } = await loadPolicy(tx, tenantId);
  const asks = Map.groupBy(await asksOf(tx, tenantId, ids), ({ contactId }) => contactId);
  const declines = Map.groupBy(await declinesOf(tx, look, ids), ({ contactId }) => contactId);
  const holds = showHolds ? await endsOfActiveHolds(tx, tenantId, ids) : new Map<string, unknown>();
  return contacts.map(({ contactId, ...contact }) => {
    const more = {
      asks: asks.get(contactId) ?? [],
      declines: declines.get(contactId) ?? [],
      held: holds.has(contactId),
    };
    return { contactId, ...decideStanding({ ...contact, ...more, policy, workflowId, now }) };
  });
}

interface ContactRow {
  readonly contactId: string;
  readonly state: ContactState;
  readonly consent: Consent;
  readonly hasAccount: boolean;
  readonly stopped: boolean;
}

function contactsOf(tx: EntityManager, { tenantId, contactIds, workflowId }: Look): Promise<ContactRow[]> {
  return tx.query(
    `SELECT id AS "contactId", state, consent, candidate_subject IS NOT NULL AS "hasAccount",
       asking_stopped_at IS NOT NULL AS stopped
     FROM contact WHERE id = ANY($1::uuid[]) AND tenant_id = $2 AND (state = 'active' OR ($3 AND state = 'disabled'))
     ORDER BY id`,
    [contactIds, tenantId, workflowId === undefined],
  );
}

/** Newest first. Who may not see holds is not told that one was in the way either. */
function declinesOf(
  tx: EntityManager,
  { tenantId, showHolds }: Look,
  contactIds: readonly string[],
): Promise<(Decline & { readonly contactId: string })[]> {
  return tx.query(
    `SELECT contact_id AS "contactId", enrolment_id AS "enrolmentId", reason, last_at AS at, $3 OR reason <> 'held' AS told
     FROM expunge_decline WHERE contact_id = ANY($1::uuid[]) AND tenant_id = $2 ORDER BY last_at DESC, reason`,
    [contactIds, tenantId, showHolds],
  );
}

/** How many contacts are in each state. */
export function countStandings(
  tx: EntityManager,
  { tenantId, contactIds, workflowId, showHolds }: Look,
): Promise<{ readonly state: ConsentState; readonly contacts: number }[]> {
  return tx.query(
    `SELECT state, count(*)::int AS contacts FROM (${STATES}) AS standing GROUP BY state ORDER BY state`,
    [tenantId, contactIds, workflowId ?? null, showHolds],
  );
}

/**
 * The state of decideStanding, for many contacts at once. Lateral, and each look fenced by OFFSET 0: so a contact costs its own
 * rows by their ids, even when the planner knows nothing of the tables yet and would rather walk through all rows of the tenant.
 */
const STATES = `
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
  FROM unnest($2::uuid[]) AS given (contact_id)
  CROSS JOIN LATERAL (SELECT * FROM contact WHERE id = given.contact_id OFFSET 0) AS contact
  CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS known, bool_or(complained) AS complained, bool_or(unreachable) OR bool_and(failed) AS failed
    FROM (
      SELECT bool_or(complained_at IS NOT NULL) AS complained,
        bool_or(rejected_at IS NOT NULL OR bounce_kind IS NOT DISTINCT FROM 'hard') AS unreachable,
        bool_and(bounce_kind IS NOT NULL) FILTER (WHERE stopped_at IS NULL) AS failed
      FROM (SELECT * FROM opt_in_ask WHERE contact_id = contact.id OFFSET 0) AS ask
      WHERE tenant_id = $1 AND address_changed_at IS NULL AND ($3::uuid IS NULL OR workflow_id = $3)
      GROUP BY enrolment_id
    ) AS enrolment
  ) AS asked
  WHERE contact.tenant_id = $1
    AND (contact.state = 'active' OR ($3::uuid IS NULL AND contact.state = 'disabled'))`;
