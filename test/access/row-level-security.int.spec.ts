import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { type MigrationClass, migrate } from '#service';
import { migrations as contact } from '../../apps/contact-service/src/migrations/index.js';
import { migrations as notification } from '../../apps/notification-service/src/migrations/index.js';
import { migrations as privacy } from '../../apps/privacy-service/src/migrations/index.js';
import { migrations as workflow } from '../../apps/workflow-service/src/migrations/index.js';
import { createTestDatabase } from '../support/database.js';

/** Of every service: what messages need, the numbers of rows without a place in a chain yet, and the schema's version. */
const OF_NO_TENANT = ['audit_unchained', 'dead_letter', 'inbox', 'outbox', 'read_position', 'schema_migrations'];

const SERVICES: [string, readonly MigrationClass[], { ofNoTenant: string[]; tenantColumn?: Record<string, string> }][] =
  [
    ['contact-service', contact, { ofNoTenant: ['consent_text', 'rate_limit'], tenantColumn: { tenant: 'id' } }],
    ['workflow-service', workflow, { ofNoTenant: [] }],
    ['notification-service', notification, { ofNoTenant: [] }],
    ['privacy-service', privacy, { ofNoTenant: [] }],
  ];

describe.each(SERVICES)('When %s works with its database', (name, migrations, { ofNoTenant, tenantColumn = {} }) => {
  let app: DataSource;
  let owner: DataSource;
  let tables: { name: string; tenant: boolean; isolated: boolean }[];

  beforeAll(async () => {
    const { appUrl, ownerUrl } = await createTestDatabase();
    await migrate(name, ownerUrl, migrations);
    const connect = (url: string) => new DataSource({ type: 'postgres', url, installExtensions: false }).initialize();
    [app, owner] = await Promise.all([connect(appUrl), connect(ownerUrl)]);
    tables = await owner.query(TABLES);
  });
  afterAll(() => Promise.all([app.destroy(), owner.destroy()]));

  const isolated = () => tables.filter((table) => table.isolated).map((table) => table.name);

  test('then every table of tenants is isolated, and every other one is named here', () => {
    const open = tables.filter((table) => !table.isolated).map((table) => table.name);
    expect(open).toEqual([...OF_NO_TENANT, ...ofNoTenant].sort());
    expect(tables.filter((table) => table.tenant && !table.isolated)).toEqual([]);
    expect(isolated()).toContain('audit_log');
  });

  test('then no policy lets more through than the bound tenant, or all of them', async () => {
    const policies: { table: string; rule: string; check: string | null; kind: string }[] = await owner.query(POLICIES);
    expect(policies.map(({ table }) => table)).toEqual(isolated());
    for (const { table, rule, check, kind } of policies) {
      const column = tenantColumn[table] ?? 'tenant_id';
      const bound = `current_setting('app.tenant_id'::text, true)`;
      expect([table, rule]).toEqual([table, `((${bound} = (${column})::text) OR (${bound} = 'all'::text))`]);
      expect([table, check, kind]).toEqual([table, null, 'ALL']);
    }
  });

  test('then nothing goes round them: no view, no function of the owner', async () => {
    expect(await owner.query(BYPASSES)).toEqual([]);
  });

  test('then its role is nobody special, owns nothing and is a member of nothing', async () => {
    expect(await app.query(ROLE)).toEqual([
      { superuser: false, bypasses: false, creates_roles: false, creates_databases: false, replicates: false },
    ]);
    expect(await app.query(OWNED)).toEqual([]);
    expect(await app.query(MEMBERSHIPS)).toEqual([]);
    const [{ bypasses, superuser }] = await owner.query(ROLE);
    expect([bypasses, superuser]).toEqual([false, false]);
  });

  test('then it can neither change the schema nor switch isolation off', async () => {
    const statements = [
      'CREATE TABLE mine ()',
      'CREATE TEMP TABLE mine ()',
      'CREATE SCHEMA mine',
      'CREATE VIEW mine AS SELECT * FROM audit_log',
      'CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1',
      `SET ROLE "${await nameOf(owner)}"`,
      ...isolated().flatMap((table) => [
        `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
        `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`,
        `ALTER TABLE ${table} ADD COLUMN mine int`,
        `DROP POLICY tenant ON ${table}`,
        `CREATE POLICY mine ON ${table} USING (true)`,
        `DROP TABLE ${table}`,
        `TRUNCATE ${table}`,
        `CREATE INDEX ON ${table} ((1))`,
      ]),
    ];
    for (const statement of statements) {
      const code = await app.query(statement).then(
        () => 'done',
        (error: { driverError: { code: string } }) => error.driverError.code,
      );
      expect([statement, code]).toEqual([statement, '42501']);
    }
  });

  test('then without a tenant it is shown nothing, and row security cannot be left out', async () => {
    for (const table of isolated()) {
      expect([table, await app.query(`SELECT 1 FROM ${table}`)]).toEqual([table, []]);
    }
    const runner = app.createQueryRunner();
    await runner.query('SET row_security = off');
    await expect(runner.query('SELECT 1 FROM audit_log')).rejects.toMatchObject({ driverError: { code: '42501' } });
    await runner.query('RESET row_security');
    await runner.release();
  });
});

const nameOf = async (db: DataSource): Promise<string> => (await db.query('SELECT current_user AS name'))[0].name;

const TABLES = `
  SELECT c.relname AS name,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant,
    c.relrowsecurity AND c.relforcerowsecurity AS isolated
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f')
  ORDER BY c.relname`;

const POLICIES = `
  SELECT tablename AS table, qual AS rule, with_check AS check, cmd AS kind FROM pg_policies ORDER BY tablename`;

const BYPASSES = `
  SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
    AND NOT coalesce(reloptions @> '{security_invoker=true}', false)
  UNION ALL
  SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef`;

const ROLE = `
  SELECT rolsuper AS superuser, rolbypassrls AS bypasses, rolcreaterole AS creates_roles,
    rolcreatedb AS creates_databases, rolreplication AS replicates
  FROM pg_roles WHERE rolname = current_user`;

const OWNED = `
  SELECT refobjid FROM pg_shdepend WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass
    AND refobjid = current_user::regrole`;

const MEMBERSHIPS = `SELECT roleid FROM pg_auth_members WHERE member = current_user::regrole`;
