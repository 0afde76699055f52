import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { VerifiedCaller } from '../access/caller.js';

/**
 * Who acted: a caller with a token, a person on the own account, the holder of a link from a mail, or the service itself (a
 * timer).
 */
export type Actor = VerifiedCaller | 'candidate' | 'link-holder' | 'system';

export interface AuditEntry {
  readonly tenantId: string;
  /** What was done, `thing.past-participle`: `hold.placed`. */
  readonly action: string;
  /** Id of what it was done to: a contact, a hold, a request, a workflow. */
  readonly target?: string;
  /** Codes and ids only, never anything a person typed. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Who did what, when: ids only. */
@Injectable()
export class Audit {
  /**
   * Adds one row for each entry, in the caller's transaction and with one statement: what is done is never without its
   * entry, nor the entry without the deed.
   */
  async record(tx: EntityManager, actor: Actor, ...entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length > 0) await addAuditRows(tx, actor, entries, 'done');
  }
}

/** One statement that waits for nobody: the rows, and the notes for the pass that chains them later. */
export async function addAuditRows(
  tx: EntityManager,
  actor: Actor,
  entries: readonly AuditEntry[],
  outcome: 'done' | 'refused',
): Promise<void> {
  await tx.query(
    `WITH added AS (
       INSERT INTO audit_log (tenant_id, at, actor, action, target, outcome, detail)
       SELECT e.tenant_id, clock_timestamp(), $1, e.action, e.target, $2, e.detail
       FROM unnest($3::uuid[], $4::text[], $5::text[], $6::jsonb[]) WITH ORDINALITY AS e (tenant_id, action, target, detail, n)
       ORDER BY e.n RETURNING seq)
     INSERT INTO audit_unchained (seq) SELECT seq FROM added`,
    [
      nameOf(actor),
      outcome,
      entries.map(({ tenantId }) => tenantId),
      entries.map(({ action }) => action),
      entries.map(({ target }) => target ?? null),
      entries.map(({ detail }) => JSON.stringify(detail ?? {})),
    ],
  );
}

/** What no subject of a token may pass for. */
const OURS = new Set(['candidate', 'link-holder', 'system']);

/**
 * The subject of who is a candidate only leads to a person and goes with the contact, so it is not written down: the target
 * says who. Who is staff as well is named, or any deed could be done without a name.
 */
function nameOf(actor: Actor): string {
  if (typeof actor === 'string') return actor;
  if (actor.roles.length > 0 && actor.roles.every((role) => role === 'candidate')) return 'candidate';
  return OURS.has(actor.subject) ? `subject:${actor.subject}` : actor.subject;
}
