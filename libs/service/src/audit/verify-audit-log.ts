import type { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type Breach, checkAuditChain } from './check-audit-chain.js';
import { type AuditCount, countAuditRows, findVanished } from './count-audit-rows.js';

/** A head that was printed earlier: the chain must still go through it. */
export interface KnownHead {
  readonly tenantId: string;
  readonly n: number;
  /** Hexadecimal. */
  readonly hash: string;
}

/**
 * Recomputes the chain of every tenant and prints, per tenant, its rows, its head and the first row that was changed,
 * removed or reordered. True when all is as it was written. A chain that was written anew as a whole, or lost its end,
 * is only seen with heads that were kept elsewhere.
 */
export async function verifyAuditLog(
  db: DataSource,
  heads: readonly KnownHead[],
  print: (line: string) => void,
): Promise<boolean> {
  const counts = await countAuditRows(db);
  const tenants = new Set([...counts.keys(), ...(await tenantsOfChains(db)), ...heads.map((head) => head.tenantId)]);
  const problems: string[] = [];
  for (const tenantId of [...tenants].sort()) {
    const { head, breach } = await checkAuditChain(db, tenantId);
    const count = counts.get(tenantId) ?? { rows: 0, waiting: 0, stray: 0 };
    print(`${tenantId}  rows=${count.rows} waiting=${count.waiting} head=${tenantId}:${head.n}:${hex(head.hash)}`);
    const known = heads.filter((one) => one.tenantId === tenantId);
    const found = [...describeBreach(breach), ...describeStrays(count), ...(await missedHeads(db, known))];
    problems.push(...found.map((problem) => `${tenantId}  ${problem}`));
  }
  const vanished = await findVanished(db);
  if (vanished !== undefined) problems.push(`row ${vanished} was removed before it was chained`);
  for (const problem of problems) print(problem);
  const rows = [...counts.values()].reduce((sum, count) => sum + count.rows, 0);
  const verdict = problems.length === 0 ? 'nothing was changed, removed or reordered' : 'NOT AS IT WAS WRITTEN';
  print(`${tenants.size} tenant(s), ${rows} row(s): ${verdict}`);
  return problems.length === 0;
}

const hex = (hash: Buffer): string => hash.toString('hex');

function describeBreach(breach?: Breach): string[] {
  if (!breach) return [];
  const { what, n, seq } = breach;
  if (seq === undefined) return [`entry ${n} of the chain was ${what}`];
  return [`row ${seq} was ${what} (entry ${n} of the chain)`];
}

function describeStrays({ stray, firstStray }: AuditCount): string[] {
  if (stray === 0) return [];
  return [
    `row ${firstStray} was not written by the service, or its entry in the chain was removed (${stray} such row(s))`,
  ];
}

async function missedHeads(db: DataSource, heads: readonly KnownHead[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { tenantId, n, hash } of heads) {
    const [link]: { hash: Buffer }[] = await inEveryTenant(db, (tx) =>
      tx.query('SELECT hash FROM audit_chain WHERE tenant_id = $1 AND n = $2', [tenantId, n]),
    );
    if (!link) problems.push(`the chain once had an entry ${n}: its end was removed`);
    else if (hex(link.hash) !== hash) problems.push(`entry ${n} once had another hash: the chain was written anew`);
  }
  return problems;
}

/** From one tenant to the next along the index, so that long chains cost no more than short ones. */
async function tenantsOfChains(db: DataSource): Promise<string[]> {
  const rows: { tenantId: string }[] = await inEveryTenant(db, (tx) =>
    tx.query(`
      WITH RECURSIVE tenant (id) AS (
        (SELECT tenant_id FROM audit_chain ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT tenant_id FROM audit_chain WHERE tenant_id > tenant.id ORDER BY tenant_id LIMIT 1)
        FROM tenant WHERE tenant.id IS NOT NULL)
      SELECT id AS "tenantId" FROM tenant WHERE id IS NOT NULL`),
  );
  return rows.map((row) => row.tenantId);
}
