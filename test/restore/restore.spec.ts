import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type DatabaseName, repositoryRoot, SERVICE_NAMES, type ServiceName } from '#local';
import { databaseOf } from '../../apps/local/src/catalogue.js';
import {
  aCompany,
  type Company,
  deleteAccount,
  type Deleted,
  type SignedUp,
  signUp,
  startTestSystem,
  type TestSystem,
  untilState,
} from '../support/test-system.js';
import { postgresTools } from './postgres-tools.js';

const folder = mkdtempSync(join(tmpdir(), 'contact-expunge-dumps-'));
let system: TestSystem;
let company: Company;
/** In every dump, and expunged since. */
let gone: SignedUp;
let removal: Deleted;
let certificateId: string | undefined;
/** In every dump, and untouched. */
let stays: SignedUp;

/** Runs a script of k8s/restore as an operator does; rejects with what it printed when it fails. */
async function script(name: string, ...args: string[]): Promise<string> {
  const { hostname, port, username, password } = new URL(system.postgres!.superuserUrl);
  const PATH = `${postgresTools(18)}:${process.env.PATH}`;
  const who = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
  const child = spawn(join(repositoryRoot(), 'k8s', 'restore', name), args, { env: { ...process.env, ...who, PATH } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (printed += String(data)));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${printed}`);
  return printed;
}

const dumpOf = (database: DatabaseName): string => join(folder, `${database}.dump`);

async function rows<T extends pg.QueryResultRow>(service: ServiceName, sql: string, values: unknown[]): Promise<T[]> {
  const url = new URL(system.postgres!.superuserUrl);
  url.pathname = `/${databaseOf(service)}`;
  const client = new pg.Client(url.href);
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** What each participant holds of a contact. */
const HELD: Partial<Record<ServiceName, string>> = {
  'contact-service': 'SELECT id FROM contact WHERE id = $1',
  'workflow-service': 'SELECT contact_id FROM contact_fact WHERE contact_id = $1',
  'notification-service': 'SELECT email_id FROM mail_outcome WHERE contact_id = $1 AND expunge_id IS NULL',
};
const holds = async (service: ServiceName, { id }: SignedUp): Promise<boolean> =>
  (await rows(service, HELD[service]!, [id])).length > 0;

/** Rows that a contact leaves behind in these services only after a longer story. */
async function leaveTraces({ id }: SignedUp): Promise<void> {
  const known = 'WITH known AS (INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING)';
  const values = [id, company.tenantId];
  const fact = `${known} INSERT INTO contact_fact (contact_id, tenant_id, source, added_at) VALUES ($1, $2, 'manual', now())`;
  await rows('workflow-service', fact, values);
  const mail = `${known} INSERT INTO mail_outcome (email_id, tenant_id, contact_id, purpose, outcome)
    VALUES (gen_random_uuid(), $2, $1, 'opt-in', 'accepted')`;
  await rows('notification-service', mail, values);
}

async function removeAfterTheDumps(): Promise<void> {
  for (const service of SERVICE_NAMES) await script('dump.sh', databaseOf(service), dumpOf(databaseOf(service)));
  removal = await deleteAccount(system, gone);
  ({ certificateId } = await untilState(system, company, removal.expungeId, 'confirmed'));
}

async function restore(...services: ServiceName[]): Promise<void> {
  for (const service of services) await system.services[service].stop();
  for (const service of services) await script('restore.sh', databaseOf(service), dumpOf(databaseOf(service)));
}

async function start(...services: ServiceName[]): Promise<void> {
  for (const service of services) await system.services[service].start();
  for (const service of services) await system.services[service].ready();
}

const mailsTo = async ({ email }: SignedUp): Promise<number> => (await system.mail!.messages({ to: email })).length;

beforeAll(async () => {
  system = await startTestSystem();
  company = await aCompany(system);
  [gone, stays] = [await signUp(system, company), await signUp(system, company)];
  for (const contact of [gone, stays]) await leaveTraces(contact);
  await removeAfterTheDumps();
}, 180_000);

afterAll(() => system?.remove());

test('When an older dump of privacy-service is restored, then a removal since is known again by its evidence, certified anew, and nobody is written to twice', async () => {
  expect(await mailsTo(gone)).toBe(1);
  await restore('privacy-service');
  await start('privacy-service');
  const again = await untilState(system, company, removal.expungeId, 'confirmed');
  expect(again.participants).toHaveLength(3);
  expect(again.certificateId).not.toBe(certificateId);
  expect(await mailsTo(gone)).toBe(1);
});

test.each(Object.keys(HELD) as ServiceName[])(
  'When an older dump of %s is restored, then who was removed since is gone again before it is ready, and others are not',
  async (service) => {
    await restore(service);
    expect([await holds(service, gone), await holds(service, stays)]).toEqual([true, true]);
    await start(service);
    expect([await holds(service, gone), await holds(service, stays)]).toEqual([false, true]);
  },
  90_000,
);

test('When contact-service was restored, then nobody is removed for good until somebody has looked and said so', async () => {
  const killSwitch = `${system.urls['contact-service']}/v1/tenants/${company.tenantId}/kill-switch`;
  const { body } = await system.api.call<{ on: boolean }>(company.officer, 'GET', killSwitch);
  expect(body).toMatchObject({ on: true });
  const person = await signUp(system, company);
  const { expungeId } = await deleteAccount(system, person);
  await untilState(system, company, expungeId, 'waiting');
  await system.api.call(company.officer, 'PUT', killSwitch, { on: false, reason: 'Looked through.' });
  await untilState(system, company, expungeId, 'confirmed');
});

test('When all four are restored at once, then who was removed since is gone, and is sent the new certificate', async () => {
  await restore(...SERVICE_NAMES);
  await start(...SERVICE_NAMES);
  for (const service of Object.keys(HELD) as ServiceName[]) {
    expect([await holds(service, gone), await holds(service, stays)]).toEqual([false, true]);
  }
  const known = await untilState(system, company, removal.expungeId, 'confirmed');
  expect(known.participants).toHaveLength(3);
  expect(await mailsTo(gone)).toBe(2);
}, 120_000);

test('When a dump cannot be read to its end, or the service is still connected, then nothing is replaced', async () => {
  const before = await rows('workflow-service', 'SELECT contact_id FROM subject ORDER BY 1', []);
  await expect(script('restore.sh', 'workflow_service', dumpOf('workflow_service'))).rejects.toThrow(
    /stop the service/,
  );
  await system.services['workflow-service'].stop();
  const half = join(folder, 'half.dump');
  const whole = readFileSync(dumpOf('workflow_service'));
  writeFileSync(half, whole.subarray(0, whole.length - 2_000));
  await expect(script('restore.sh', 'workflow_service', half)).rejects.toThrow(/ended with [1-9]/);
  expect(await rows('workflow-service', 'SELECT contact_id FROM subject ORDER BY 1', [])).toEqual(before);
  await start('workflow-service');
});

test('When the application role comes back with a restore, then it may still not change the audit log or the schema', async () => {
  const [row] = await rows<{ update: boolean; create: boolean; insert: boolean }>(
    'contact-service',
    `SELECT has_table_privilege('contact_service_app', 'audit_log', 'UPDATE') AS update,
       has_table_privilege('contact_service_app', 'contact', 'INSERT') AS insert,
       has_schema_privilege('contact_service_app', 'public', 'CREATE') AS create`,
    [],
  );
  expect(row).toEqual({ update: false, insert: true, create: false });
});

test.each(['dump.sh', 'restore.sh'])(
  'When %s is asked for help, then it says how it is used, and without a word it fails',
  async (name) => {
    expect(await script(name, '--help')).toContain(`usage: ${name} <database> <file>`);
    await expect(script(name)).rejects.toThrow('ended with 2');
  },
);
