import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { VerifiedCaller } from '../access/caller.js';

/** Who acted: a caller with a token, the holder of a link from a mail, or the service itself (a timer). */
export type Actor = VerifiedCaller | 'link-holder' | 'system';

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
  /** Adds one row in the caller's transaction: what is done is never without its entry, nor the entry without the deed. */
  async record(tx: EntityManager, actor: Actor, entry: AuditEntry): Promise<void> {
    await addAuditRow(tx, actor, entry, 'done');
  }
}

/** One statement that waits for nobody: the row, and the note for the pass that chains it later. */
export async function addAuditRow(
  tx: EntityManager,
  actor: Actor,
  { tenantId, action, target, detail }: AuditEntry,
  outcome: 'done' | 'refused',
): Promise<void> {
  await tx.query(
    `WITH added AS (
       INSERT INTO audit_log (tenant_id, at, actor, action, target, outcome, detail)
       VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6) RETURNING seq)
     INSERT INTO audit_unchained (seq) SELECT seq FROM added`,
    [tenantId, nameOf(actor), action, target ?? null, outcome, JSON.stringify(detail ?? {})],
  );
}

/** What no subject of a token may pass for. */
const OURS = new Set(['candidate', 'link-holder', 'system']);

/** A candidate's subject leads to a person and goes with the contact, so it is not written down: the target says who. */
function nameOf(actor: Actor): string {
  if (typeof actor === 'string') return actor;
  if (actor.roles.includes('candidate')) return 'candidate';
  return OURS.has(actor.subject) ? `subject:${actor.subject}` : actor.subject;
}
