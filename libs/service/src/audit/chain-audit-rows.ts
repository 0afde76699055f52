import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '../pump.js';
import { type ChainHead, type ChainLink, linkRows } from './audit-chain.js';
import { AUDIT_ROW, type AuditRow } from './audit-row.js';

const CHUNK = 1_000;
const LOOK_EVERY_MS = 1_000;
/** Any number will do, as long as every release uses the same one. */
const LOCK = 7_305_441_002;

/**
 * Chains the rows of the audit log behind their writers, so that nobody who acts waits for the one before him. A row
 * whose transaction ends late is chained when it is seen: the chain is the order of arrival, and no row is left out.
 */
@Injectable()
export class ChainAuditRows implements OnModuleInit {
  constructor(
    private readonly db: DataSource,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'audit-chain', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Chains one chunk; 'more' when there may be others. One process at a time does it, the others stay idle. */
  async execute(): Promise<PumpResult> {
    const waiting: unknown[] = await this.db.query('SELECT 1 FROM audit_unchained LIMIT 1');
    if (waiting.length === 0) return 'idle';
    return inEveryTenant(this.db, async (tx) => {
      const [turn]: { mine: boolean }[] = await tx.query('SELECT pg_try_advisory_xact_lock($1) AS mine', [LOCK]);
      if (!turn?.mine) return 'idle';
      const rows = await findUnchained(tx);
      if (rows.length === 0) return 'idle';
      await addLinks(tx, linkRows(await findHeads(tx, rows), rows));
      return rows.length === CHUNK ? 'more' : 'idle';
    });
  }
}

async function findUnchained(tx: EntityManager): Promise<AuditRow[]> {
  return tx.query(
    `SELECT ${AUDIT_ROW} FROM audit_unchained JOIN audit_log log USING (seq)
     WHERE NOT EXISTS (SELECT 1 FROM audit_chain WHERE audit_chain.seq = log.seq) ORDER BY log.seq LIMIT $1`,
    [CHUNK],
  );
}

async function findHeads(tx: EntityManager, rows: readonly AuditRow[]): Promise<Map<string, ChainHead>> {
  const tenants = [...new Set(rows.map((row) => row.tenantId))];
  const heads: { tenantId: string; n: string; hash: Buffer }[] = await tx.query(
    `SELECT tenant_id AS "tenantId", head.n, head.hash
     FROM unnest($1::uuid[]) AS tenant (tenant_id) CROSS JOIN LATERAL (
       SELECT n, hash FROM audit_chain WHERE audit_chain.tenant_id = tenant.tenant_id ORDER BY n DESC LIMIT 1) head`,
    [tenants],
  );
  return new Map(heads.map(({ tenantId, n, hash }) => [tenantId, { n: Number(n), hash }]));
}

async function addLinks(tx: EntityManager, links: readonly ChainLink[]): Promise<void> {
  const column = <K extends keyof ChainLink>(name: K): ChainLink[K][] => links.map((link) => link[name]);
  await tx.query(
    `INSERT INTO audit_chain (tenant_id, n, seq, previous, hash)
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])`,
    [column('tenantId'), column('n'), column('seq'), column('previous'), column('hash')],
  );
  await tx.query('DELETE FROM audit_unchained WHERE seq = ANY($1::bigint[])', [column('seq')]);
}
