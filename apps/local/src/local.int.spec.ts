import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { type DatabaseUrls, connected } from './databases.js';
import { startIdentityProvider } from './identity-provider.js';
import { type PostgresServer, startPostgres } from './postgres.js';

let dir: string;
let postgres: PostgresServer | undefined;
let things: DatabaseUrls;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'local-parts-'));
  postgres = await startPostgres({ dataDir: join(dir, 'postgres'), fsync: false });
  things = (await postgres.createDatabases(['things', 'others'])).things;
  await connected(things.ownerUrl, (owner) => owner.query('CREATE TABLE thing (id int PRIMARY KEY)'));
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test.each([
  'CREATE TABLE more (id int)',
  'DROP TABLE thing',
  'TRUNCATE thing',
  'CREATE ROLE boss',
  'CREATE DATABASE x',
])('When the application role tries %s, then it may not', async (sql) => {
  const attempt = connected(things.appUrl, (app) => app.query(sql));
  await expect(attempt).rejects.toThrow(/permission denied|must be owner/);
});

test('When the application role opens another database, then it may not connect', async () => {
  const attempt = connected(things.appUrl.replace(/things$/, 'others'), (app) => app.query('SELECT 1'));
  await expect(attempt).rejects.toThrow(/permission denied/);
});

test('When databases are made, then each role has its password in a file that only we can read, and keeps it', async () => {
  const { appUrl, appPasswordFile, ownerUrl, ownerPasswordFile } = things;
  for (const [url, file] of [
    [appUrl, appPasswordFile!],
    [ownerUrl, ownerPasswordFile!],
  ] as const) {
    expect(readFileSync(file, 'utf8')).toBe(`${new URL(url).password}\n`);
    expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
  }
  expect((await postgres!.createDatabases(['things'])).things).toEqual(things);
});

test('When the server is killed and started again, then committed rows are there', async () => {
  await connected(things.appUrl, (app) => app.query('INSERT INTO thing VALUES (1)'));
  await postgres?.kill('SIGKILL');
  await postgres?.restart();
  const { rows } = await connected(things.appUrl, (app) => app.query('SELECT id FROM thing'));
  expect(rows).toEqual([{ id: 1 }]);
}, 60_000);

test('When a statement fails, then neither it nor its values reach the log of the server', async () => {
  const attempt = connected(things.appUrl, (app) => app.query("INSERT INTO thing VALUES ('Odile Delacroix')"));
  await expect(attempt).rejects.toThrow(/invalid input syntax/);
  expect(readFileSync(join(dir, 'postgres', 'postgres.log'), 'utf8')).not.toContain('Odile');
});

test('When a token is asked for, then it verifies and carries subject, tenant and roles', async () => {
  const identity = await startIdentityProvider({ keysFile: join(dir, 'identity', 'keys.json') });
  const keys = createRemoteJWKSet(new URL(identity.jwksUrl));
  const tenantId = '7b0f7e5e-54a5-4d6c-9b0a-3c8e3b1f0a11';
  const token = await identity.token({ subject: 'rita', tenantId, roles: ['recruiter'] });
  const { payload } = await jwtVerify(token, keys, {
    issuer: identity.issuer,
    audience: 'contact-expunge',
    typ: 'at+jwt',
  });
  expect(payload).toMatchObject({ sub: 'rita', tenant_id: tenantId, roles: ['recruiter'] });
  const expired = await identity.token({ subject: 'rita', roles: [], expiresInSeconds: -1 });
  await expect(jwtVerify(expired, keys)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  await identity.stop();
});
