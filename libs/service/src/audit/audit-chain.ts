import { createHash } from 'node:crypto';
import type { AuditRow } from './audit-row.js';

/** Where a chain ends. */
export interface ChainHead {
  readonly n: number;
  readonly hash: Buffer;
}

/** The link of one row: position in the chain of its tenant, hash of the link before it, hash over that and the row. */
export interface ChainLink {
  readonly tenantId: string;
  readonly n: number;
  readonly seq: string;
  readonly previous: Buffer;
  readonly hash: Buffer;
}

/** What the first link of every chain follows. */
export const NO_LINK: ChainHead = { n: 0, hash: Buffer.alloc(32) };

/**
 * SHA-256 over the 32 bytes of the link before and the row as a JSON array (UTF-8, no spaces):
 * `[seq, tenant, at, actor, action, target or null, outcome, detail]`, all texts as PostgreSQL prints them.
 */
export function hashLink(previous: Buffer, row: AuditRow): Buffer {
  const { seq, tenantId, at, actor, action, target, outcome, detail } = row;
  const content = JSON.stringify([seq, tenantId, at, actor, action, target, outcome, detail]);
  return createHash('sha256').update(previous).update(content).digest();
}

/** The links of `rows`, in their order, after the heads of their tenants. */
export function linkRows(heads: ReadonlyMap<string, ChainHead>, rows: readonly AuditRow[]): ChainLink[] {
  const latest = new Map(heads);
  return rows.map((row) => {
    const { n, hash: previous } = latest.get(row.tenantId) ?? NO_LINK;
    const link = { tenantId: row.tenantId, n: n + 1, seq: row.seq, previous, hash: hashLink(previous, row) };
    latest.set(row.tenantId, link);
    return link;
  });
}

/** `order`: it does not follow the link before. `content`: its row is not what was chained. */
export type Misfit = 'order' | 'row-missing' | 'content';

/** Whether a link, with its row, is the next one after `head`; undefined when it is. */
export function misfitOf(head: ChainHead, link: ChainLink, row: AuditRow | undefined): Misfit | undefined {
  const follows = link.n === head.n + 1 && link.previous.equals(head.hash);
  if (follows && !row) return 'row-missing';
  const genuine = row !== undefined && hashLink(head.hash, row).equals(link.hash);
  if (follows) return genuine ? undefined : 'content';
  // With the right row in the right place only the link itself was written over.
  return genuine && link.n === head.n + 1 ? 'content' : 'order';
}

/** Of a link that does not fit its own row: the row it does fit, when it is this one or its content stands in this one. */
export function rowOf(link: ChainLink, other: AuditRow): string | undefined {
  if (hashLink(link.previous, other).equals(link.hash)) return other.seq;
  return hashLink(link.previous, { ...other, seq: link.seq }).equals(link.hash) ? link.seq : undefined;
}
