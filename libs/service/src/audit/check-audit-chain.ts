import type { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type ChainHead, type ChainLink, type Misfit, misfitOf, NO_LINK, rowOf } from './audit-chain.js';
import { AUDIT_ROW, type AuditRow } from './audit-row.js';

const BATCH = 2_000;

/** The first place where the log is not what was chained. */
export interface Breach {
  readonly what: 'changed' | 'removed' | 'reordered';
  /** Position in the chain. */
  readonly n: number;
  /** The row; unknown when its link is gone as well. */
  readonly seq?: string;
}

export interface CheckedChain {
  /** The last link that is as it was chained. */
  readonly head: ChainHead;
  readonly breach?: Breach;
}

/** Recomputes the chain of a tenant from its first link up to its end or its first breach, in constant memory. */
export async function checkAuditChain(db: DataSource, tenantId: string): Promise<CheckedChain> {
  let checked: CheckedPiece = { head: NO_LINK, more: true };
  while (checked.more) checked = await checkNextLinks(db, tenantId, checked.head);
  return checked;
}

export interface CheckedPiece extends CheckedChain {
  /** Whether there may be further links; not after a breach. */
  readonly more: boolean;
}

/** Recomputes up to 2,000 links after this one. */
export async function checkNextLinks(db: DataSource, tenantId: string, after: ChainHead): Promise<CheckedPiece> {
  let head = after;
  const links = await readLinks(db, tenantId, head.n);
  for (const { link, row } of links) {
    const misfit = misfitOf(head, link, row);
    if (misfit) return { head, breach: await explain(db, head, link, misfit), more: false };
    head = link;
  }
  return { head, more: links.length === BATCH };
}

/** The tenant whose chain comes after that of this one, along the index; the first one when none is given. */
export async function findChainAfter(db: DataSource, tenantId?: string): Promise<string | undefined> {
  const [next]: { tenantId: string }[] = await inEveryTenant(db, (tx) =>
    tx.query(
      `SELECT tenant_id AS "tenantId" FROM audit_chain WHERE $1::uuid IS NULL OR tenant_id > $1 ORDER BY tenant_id LIMIT 1`,
      [tenantId],
    ),
  );
  return next?.tenantId;
}

interface LinkWithRow {
  readonly link: ChainLink;
  readonly row: AuditRow | undefined;
}

type StoredLink = Omit<AuditRow, 'seq'> & {
  readonly seq: string | null;
  readonly n: string;
  readonly linkSeq: string;
  readonly previous: Buffer;
  readonly hash: Buffer;
};

/** Batches are transactions of their own: what is append-only may be read piece by piece. */
async function readLinks(db: DataSource, tenantId: string, after: number): Promise<LinkWithRow[]> {
  const stored: StoredLink[] = await inEveryTenant(db, (tx) =>
    tx.query(
      `SELECT chain.n, chain.seq AS "linkSeq", chain.previous, chain.hash, ${AUDIT_ROW}
       FROM (SELECT * FROM audit_chain WHERE tenant_id = $1 AND n > $2 ORDER BY n LIMIT $3) chain
       LEFT JOIN audit_log log ON log.seq = chain.seq ORDER BY chain.n`,
      [tenantId, after, BATCH],
    ),
  );
  return stored.map(({ n, linkSeq, previous, hash, seq, ...row }) => ({
    link: { tenantId, n: Number(n), seq: linkSeq, previous, hash },
    row: seq === null ? undefined : { ...row, seq },
  }));
}

/** Told apart as well as what is left allows; that something is wrong at this place is certain. */
async function explain(db: DataSource, head: ChainHead, link: ChainLink, misfit: Misfit): Promise<Breach> {
  const n = head.n + 1;
  if (misfit === 'order') {
    const elsewhere = await linkAfter(db, link.tenantId, head);
    return elsewhere === undefined ? { what: 'removed', n } : { what: 'reordered', n, seq: elsewhere };
  }
  const elsewhere = await rowThatFits(db, link);
  if (elsewhere !== undefined) return { what: 'reordered', n, seq: elsewhere };
  return { what: misfit === 'row-missing' ? 'removed' : 'changed', n, seq: link.seq };
}

/** The row whose link follows this head, wherever that link stands now. */
async function linkAfter(db: DataSource, tenantId: string, head: ChainHead): Promise<string | undefined> {
  const [link]: { seq: string }[] = await inEveryTenant(db, (tx) =>
    tx.query('SELECT seq FROM audit_chain WHERE tenant_id = $1 AND previous = $2 LIMIT 1', [tenantId, head.hash]),
  );
  return link?.seq;
}

async function rowThatFits(db: DataSource, link: ChainLink): Promise<string | undefined> {
  let after = '0';
  for (;;) {
    const rows: AuditRow[] = await inEveryTenant(db, (tx) =>
      tx.query(`SELECT ${AUDIT_ROW} FROM audit_log log WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, [
        link.tenantId,
        after,
        BATCH,
      ]),
    );
    const found = rows.map((row) => rowOf(link, row)).find((seq) => seq !== undefined);
    if (found !== undefined || rows.length < BATCH) return found;
    after = rows.at(-1)!.seq;
  }
}
