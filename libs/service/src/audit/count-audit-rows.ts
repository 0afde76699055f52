import type { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';

const BATCH = 5_000;

/** The rows of one tenant, chained or not. */
export interface AuditCount {
  rows: number;
  /** Not chained yet. */
  waiting: number;
  /** Neither chained nor waiting: nothing of ours leaves a row like that. */
  stray: number;
  firstStray?: string;
}

interface CountedBatch extends AuditCount {
  readonly tenantId: string;
  readonly firstStray: string;
  readonly last: string;
}

/** Counts the rows of every tenant, batch by batch in one walk along the log. */
export async function countAuditRows(db: DataSource): Promise<Map<string, AuditCount>> {
  const counts = new Map<string, AuditCount>();
  let after = 0n;
  for (;;) {
    const batch = await countBatch(db, after);
    for (const { tenantId, rows, waiting, stray, firstStray, last } of batch) {
      const before = counts.get(tenantId) ?? { rows: 0, waiting: 0, stray: 0 };
      counts.set(tenantId, {
        rows: before.rows + rows,
        waiting: before.waiting + waiting,
        stray: before.stray + stray,
        firstStray: before.firstStray ?? firstStray ?? undefined,
      });
      if (BigInt(last) > after) after = BigInt(last);
    }
    if (batch.reduce((sum, { rows }) => sum + rows, 0) < BATCH) return counts;
  }
}

async function countBatch(db: DataSource, after: bigint): Promise<CountedBatch[]> {
  return inEveryTenant(db, (tx) =>
    tx.query(
      `SELECT log.tenant_id AS "tenantId", count(*)::int AS rows, count(waiting.seq)::int AS waiting,
              (count(*) FILTER (WHERE chain.seq IS NULL AND waiting.seq IS NULL))::int AS stray,
              min(log.seq) FILTER (WHERE chain.seq IS NULL AND waiting.seq IS NULL) AS "firstStray",
              max(log.seq) AS last
       FROM (SELECT seq, tenant_id FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2) log
       LEFT JOIN audit_chain chain ON chain.seq = log.seq
       LEFT JOIN audit_unchained waiting ON waiting.seq = log.seq
       GROUP BY log.tenant_id ORDER BY log.tenant_id`,
      [String(after), BATCH],
    ),
  );
}

/** The first row that was to be chained and is gone. */
export async function findVanished(db: DataSource): Promise<string | undefined> {
  const [row]: { seq: string }[] = await inEveryTenant(db, (tx) =>
    tx.query(
      `SELECT seq FROM audit_unchained waiting
       WHERE NOT EXISTS (SELECT 1 FROM audit_log log WHERE log.seq = waiting.seq) ORDER BY seq LIMIT 1`,
    ),
  );
  return row?.seq;
}
