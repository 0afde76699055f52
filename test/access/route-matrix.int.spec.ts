import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { type Access, type Role, ROLES, ROUTES, SERVICES } from '#contracts';
import * as reach from '../../apps/contact-service/src/tenants/reach-tenant.js';
import { RouteTable } from '../../libs/service/src/access/route-table.js';
import type { Answered, FourServices } from './four-services.js';
import type { Asking, World } from './world.js';

/** Opens the one comparison of tenants that is no SQL: callers reach the company they name. */
let reachOpen = false;
jest.unstable_mockModule('../../apps/contact-service/src/tenants/reach-tenant.js', () => ({
  ...reach,
  reachTenant: (...[caller, named]: Parameters<typeof reach.reachTenant>) =>
    reachOpen && caller.tenantId ? caller.tenantId : reach.reachTenant(caller, named),
}));

const { aPerson, aTenant, anAccount } = await import('../../apps/contact-service/test/start.js');
const { ASKING } = await import('./asking.js');
const { ask, startFourServices, tokensOf } = await import('./four-services.js');
const { aWorld, rowsOf } = await import('./world.js');

let services: FourServices;
let token: ReturnType<typeof tokensOf>;

const unnamed = new Set<string>();

beforeAll(async () => {
  services = await startFourServices();
  for (const service of SERVICES) recordChanges(services.all[service].appDb, unnamed);
  token = tokensOf(services);
}, 60_000);
afterAll(() => services.stop());

const ALL = SERVICES.flatMap((service) =>
  Object.entries<Access>(ROUTES[service]).map(([route, access]) => ({ service, route, access })),
);
type Line = (typeof ALL)[number];
const asking = ({ service, route }: Line): Asking => (ASKING[service] as Record<string, Asking>)[route]!;

interface As {
  readonly role: Role;
  readonly tenantId: string;
}

/** Makes ready what a route is asked for, and gives back what asks it: about `world`, with a token, or without one. */
async function prepared(line: Line, world: World, as?: As): Promise<() => Promise<Answered>> {
  const { path, body, file } = await asking(line)(world, as?.role ?? 'client-admin');
  const own = as?.tenantId === world.tenantId;
  const subject = as?.role === 'candidate' && own && line.route !== 'POST /v1/account' ? world.candidate : undefined;
  const bearer = as && (await token(line.service, as.role, as.tenantId, subject));
  return () => ask(services.all[line.service], { method: line.route.split(' ')[0]!, path, body, file, token: bearer });
}

const call = async (line: Line, world: World, as?: As): Promise<Answered> => (await prepared(line, world, as))();

const name = ({ service, route }: Line): string => `${service} ${route}`;
const restricted = ALL.filter(({ access }) => access !== 'public');
const allows = ({ access }: Line, role: Role): boolean => access !== 'public' && access.includes(role);

test('When a route is answered, then it is in the table, and each line of the table is answered', () => {
  for (const service of SERVICES) {
    const answered = services.all[service].app
      .get(RouteTable)
      .all()
      .map(({ route }) => route);
    expect(answered.sort()).toEqual(Object.keys(ROUTES[service]).sort());
  }
});

test('When a route is public, then nobody needs a token for it', async () => {
  const world = await aWorld(services, token);
  for (const line of ALL.filter(({ access }) => access === 'public')) {
    expect({ route: name(line), refused: [401, 403].includes((await call(line, world)).status) }).toEqual({
      route: name(line),
      refused: false,
    });
  }
});

test('When there is no token, then every other route answers 401', async () => {
  const world = await aWorld(services, token);
  for (const line of restricted) {
    expect({ route: name(line), status: (await call(line, world)).status }).toEqual({ route: name(line), status: 401 });
  }
});

describe.each(ROLES)('As %s', (role) => {
  test('When the table does not name the role, then the answer is 403, for the own tenant and for another', async () => {
    const [world, other] = [await aWorld(services, token), await aWorld(services, token)];
    for (const line of restricted.filter((one) => !allows(one, role))) {
      for (const tenantId of [world.tenantId, other.tenantId]) {
        expect({ route: name(line), status: (await call(line, world, { role, tenantId })).status }).toEqual({
          route: name(line),
          status: 403,
        });
      }
    }
  });

  test('When the table names the role, then it does what it is for, in the own tenant', async () => {
    for (const line of restricted.filter((one) => allows(one, role))) {
      const world = await aWorld(services, token);
      if (line.route.endsWith('/removal')) await call(REMOVAL, world, { role: 'recruiter', tenantId: world.tenantId });
      const { status, text } = await call(line, world, { role, tenantId: world.tenantId });
      expect({ route: name(line), done: status < 400, text: status < 400 ? '' : text }).toEqual({
        route: name(line),
        done: true,
        text: '',
      });
    }
  });
});

test('When something of a tenant was changed for a caller, then the statement itself named the tenant', async () => {
  const tenant = await aTenant(services.contact, 'off');
  const { candidate } = await anAccount(services.contact, tenant);
  await services.contact.call(candidate, 'DELETE', '/v1/account');
  const back = await services.contact.call(candidate, 'POST', '/v1/account', aPerson());
  expect(back).toMatchObject({ status: 200, body: { state: 'active' } });
  expect([...unnamed]).toEqual([]);
});

/** A change whose condition does not say whose rows it may reach. */
function namesNoTenant(sql: string): boolean {
  const change = /\b(UPDATE "?\w+"? SET|DELETE FROM) [^]*/.exec(sql)?.[0];
  if (change === undefined) return false;
  const [, ...conditions] = change.split(/\bWHERE\b/);
  const ofTenant = change.startsWith('UPDATE "tenant"') ? /\bid"? = \$/ : /\btenant_id\b/;
  return conditions.length > 0 && !ofTenant.test(conditions.join());
}

/** Adds changes, in transactions bound to one tenant, of rows that are not found by tenant as well. */
function recordChanges(db: DataSource, found: Set<string>): void {
  const createQueryRunner = db.createQueryRunner.bind(db);
  db.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (
      sql: string,
      values?: unknown[],
      ...rest: unknown[]
    ) => Promise<unknown>;
    let tenant: unknown;
    // What a message asks for is not a caller's doing: its handlers lock the subjects of the tenant first.
    let ofMessage = false;
    runner.query = ((sql: string, values?: unknown[], ...rest: unknown[]) => {
      if (sql.includes('set_config')) [tenant] = values ?? [];
      ofMessage ||= sql.includes('INTO inbox');
      const bound = tenant !== undefined && tenant !== 'all';
      if (bound && !ofMessage && namesNoTenant(sql)) found.add(sql);
      return query(sql, values, ...rest);
    }) as typeof runner.query;
    return runner;
  };
}

const REMOVAL: Line = { service: 'contact-service', route: 'POST /v1/contacts/:id/expunge', access: ['recruiter'] };

type Opening = <T>(act: () => Promise<T>) => Promise<T>;

/**
 * Everything about another tenant, asked by every role the table names: what was shown or changed of it. `opened` opens a
 * lock for the question only, and not for what makes ready for it.
 */
async function crossings(opened: Opening = (act) => act()): Promise<string[]> {
  const [victim, attacker] = [await aWorld(services, token), await aWorld(services, token)];
  const secrets = [
    victim.tenantId,
    victim.contactId,
    victim.expungeId,
    victim.holdId,
    victim.importId,
    victim.suppressed,
    victim.person.email,
    victim.person.familyName,
  ];
  const found: string[] = [];
  for (const line of restricted) {
    // Vendor staff belong to no tenant and set up every one.
    for (const role of ROLES.filter((one) => one !== 'vendor-staff' && allows(line, one))) {
      if (line.route.endsWith('/removal'))
        await call(REMOVAL, victim, { role: 'recruiter', tenantId: victim.tenantId });
      const act = await prepared(line, victim, { role, tenantId: attacker.tenantId });
      const before = await rowsOf(services, line.service, victim.tenantId);
      const { status, text } = await opened(act);
      const after = await rowsOf(services, line.service, victim.tenantId);
      const asked = `${name(line)} as ${role}`;
      if (line.route.includes('/:id') && ![403, 404].includes(status)) found.push(`${asked}: ${status}`);
      if (secrets.some((secret) => text.includes(secret))) found.push(`${asked}: shows it`);
      if (after !== before) found.push(`${asked}: changes it`);
    }
  }
  return found;
}

const OFF = 'NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY';
const ON = 'ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY';

/** Runs `work` with the second lock open. */
async function withoutRowLevelSecurity<T>(work: () => Promise<T>): Promise<T> {
  for (const service of SERVICES) await alterIsolated(services.all[service].ownerUrl, OFF);
  try {
    return await work();
  } finally {
    for (const service of SERVICES) await alterIsolated(services.all[service].ownerUrl, ON);
  }
}

async function alterIsolated(ownerUrl: string, change: string): Promise<void> {
  const owner = await new DataSource({ type: 'postgres', url: ownerUrl, installExtensions: false }).initialize();
  const tables: { name: string }[] = await owner.query(
    `SELECT DISTINCT tablename AS name FROM pg_policies WHERE schemaname = 'public'`,
  );
  for (const { name: table } of tables) await owner.query(`ALTER TABLE ${table} ${change}`);
  await owner.destroy();
}

/** Runs `work` with the first lock open: every comparison with the caller's tenant is true, in SQL and of what SQL has found. */
async function withoutOwnCheck<T>(work: () => Promise<T>): Promise<T> {
  const restore = SERVICES.map((service) => openFirstLock(services.all[service].appDb));
  reachOpen = true;
  try {
    return await work();
  } finally {
    reachOpen = false;
    for (const undo of restore) undo();
  }
}

function openFirstLock(db: DataSource): () => void {
  const createQueryRunner = db.createQueryRunner.bind(db);
  db.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (
      sql: string,
      values?: unknown[],
      ...rest: unknown[]
    ) => Promise<unknown>;
    let bound: unknown;
    runner.query = (async (sql: string, values?: unknown[], ...rest: unknown[]) => {
      if (sql.includes('set_config')) [bound] = values ?? [];
      const found = await query(sql.replaceAll(/[\w".]*tenant_id"? = \$\d+/g, '($& OR true)'), values, ...rest);
      // The lock on a contact is compared with the caller's tenant in code.
      if (!/FROM subject\b[^]*FOR UPDATE/.test(sql)) return found;
      return (found as object[]).map((row) => ({ ...row, tenant_id: bound }));
    }) as typeof runner.query;
    return runner;
  };
  const pool = (db.driver as PostgresDriver).master as Pool;
  const { query: poolQuery } = pool;
  pool.query = ((asked: { name: string; text: string }) =>
    (poolQuery as (this: Pool, asked: object) => unknown).call(pool, {
      ...asked,
      name: `${asked.name} without check`,
      text: asked.text.replace(/[\w.]*tenant_id = bound\.tenant_id/, '($& OR true)'),
    })) as never;
  return () => {
    db.createQueryRunner = createQueryRunner;
    pool.query = poolQuery;
  };
}

describe('When callers of one tenant ask for what is another tenant\u2019s', () => {
  test('then nothing of it is shown or changed', async () => {
    expect(await crossings()).toEqual([]);
  }, 60_000);

  test('then the code\u2019s own check refuses, also without row-level security', async () => {
    expect(await withoutRowLevelSecurity(() => crossings())).toEqual([]);
  }, 60_000);

  test('then row-level security refuses, also without the code\u2019s own check', async () => {
    expect(await crossings(withoutOwnCheck)).toEqual([]);
  }, 60_000);

  test('then without both every route with an id shows or changes it, so the tests above can fail', async () => {
    const found = await withoutRowLevelSecurity(() => crossings(withoutOwnCheck));
    // Vendor staff, who alone may call the others, belong to no tenant.
    const withId = restricted.filter((line) => line.route.includes('/:id') && line.access !== 'public');
    const ofTenants = withId.filter((line) => ROLES.some((role) => role !== 'vendor-staff' && allows(line, role)));
    expect(ofTenants.length).toBeGreaterThan(15);
    expect(ofTenants.map(name).filter((route) => !found.some((one) => one.startsWith(`${route} as `)))).toEqual([]);
  }, 60_000);
});
