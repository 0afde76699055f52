import { randomUUID } from 'node:crypto';
import { SchedulerRegistry } from '@nestjs/schedule';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { inTenant } from '#messaging';
import { type Actor, Audit, type AuditEntry } from '../src/audit/audit.js';
import { createAuditTables } from '../src/audit/audit-tables.js';
import { ChainAuditRows } from '../src/audit/chain-audit-rows.js';
import { migrate } from '../src/migrate.js';
import { Pumps } from '../src/pump.js';

class AuditTables1700000000001 implements MigrationInterface {
  up = (runner: QueryRunner): Promise<void> => createAuditTables(runner);
  async down(): Promise<void> {}
}

interface Urls {
  readonly name: string;
  readonly appUrl: string;
  readonly ownerUrl: string;
}

/** A database with an audit log, and the ways of a test to fill, chain and falsify it. */
export class AuditDatabase {
  /** In a new empty database. */
  static async create({ name, appUrl, ownerUrl }: Urls, superuserUrl: string): Promise<AuditDatabase> {
    await migrate('contact-service', ownerUrl, [AuditTables1700000000001]);
    const server = new URL(superuserUrl);
    server.pathname = `/${name}`;
    const [app, owner, superuser] = await Promise.all([appUrl, ownerUrl, server.href].map((url) => connect(url)));
    return new AuditDatabase(name, appUrl, app!, owner!, superuser!);
  }

  private constructor(
    readonly name: string,
    readonly appUrl: string,
    /** The application role, on which a statement sees only the tenant its transaction is bound to. */
    readonly app: DataSource,
    readonly owner: DataSource,
    /** Bound by no policy; triggers are off. */
    readonly superuser: DataSource,
  ) {}

  readonly pass = (): ChainAuditRows => new ChainAuditRows(this.app, new Pumps(new SchedulerRegistry()));

  async record(entry: Partial<AuditEntry> = {}, actor: Actor = 'system'): Promise<void> {
    const tenantId = entry.tenantId ?? randomUUID();
    const whole = { action: 'contact.added', target: randomUUID(), ...entry, tenantId };
    await inTenant(this.app, tenantId, (tx) => new Audit().record(tx, actor, whole));
  }

  /** A tenant with so many rows, chained. */
  async tenantWith(rows: number): Promise<string> {
    const tenantId = randomUUID();
    for (let n = 1; n <= rows; n += 1) await this.record({ tenantId, detail: { n } });
    await this.pass().execute();
    return tenantId;
  }

  /** Seqs of the rows of a tenant, in the order of its chain. */
  async chainOf(tenantId: string): Promise<string[]> {
    const links: { n: string; seq: string }[] = await this.superuser.query(
      'SELECT n, seq FROM audit_chain WHERE tenant_id = $1 ORDER BY n',
      [tenantId],
    );
    if (links.some(({ n }, index) => Number(n) !== index + 1)) throw new Error('the chain has a gap');
    return links.map((link) => link.seq);
  }

  async rowsOf(tenantId: string): Promise<Record<string, unknown>[]> {
    return this.superuser.query('SELECT * FROM audit_log WHERE tenant_id = $1 ORDER BY seq', [tenantId]);
  }

  async close(): Promise<void> {
    await Promise.all([this.app, this.owner, this.superuser].map((source) => source.destroy()));
  }
}

function connect(url: string): Promise<DataSource> {
  const superuser = url.includes('_app') || url.includes('_owner') ? '' : '-c session_replication_role=replica';
  return new DataSource({
    type: 'postgres',
    url,
    poolSize: 20,
    installExtensions: false,
    extra: { options: superuser },
  }).initialize();
}
