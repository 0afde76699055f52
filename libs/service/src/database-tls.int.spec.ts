import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { type DatabaseUrls, type PostgresServer, startPostgres } from '#local';
import { anAuthority, type Pair, pemFile, signedBy } from '../../../test/support/certificates.js';
import { createTestDatabase } from '../../../test/support/database.js';
import { loadConfig, ServiceConfig } from './config.js';
import { databaseAccess } from './connections.js';
import { databaseOptions } from './database.js';

// What the tests provoke is logged as an error; that is expected.
Logger.overrideLogger(false);

let folder: string;
let authority: Pair;
let postgres: PostgresServer;
let urls: DatabaseUrls;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'database-tls-'));
  await chmod(folder, 0o711);
  authority = await anAuthority();
  const tls = await signedBy(authority, { ip: '127.0.0.1' });
  postgres = await startPostgres({ dataDir: join(folder, 'postgres'), fsync: false, tls });
  urls = (await postgres.createDatabases(['secure'])).secure;
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A DataSource as a service makes it. */
function dataSource(url: string, env: Record<string, string>): DataSource {
  const config = loadConfig(ServiceConfig, {
    HTTP_PORT: '0',
    KAFKA_BROKERS: '127.0.0.1:1',
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://issuer.test/jwks',
    DATABASE_URL: url,
    ...env,
  });
  const onIdleError = (): void => undefined;
  const access = databaseAccess(config);
  return new DataSource(databaseOptions({ name: 'tls-test', access, poolSize: 3, entities: [], onIdleError }));
}

const caFile = async (by: Pair = authority): Promise<string> => pemFile(folder, 'ca.pem', by.cert);

async function connected<T>(source: DataSource, work: (db: DataSource) => Promise<T>): Promise<T> {
  const db = await source.initialize();
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

const encrypted = async (db: DataSource): Promise<unknown> =>
  (await db.query('SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()'))[0];

test('When the server is signed by the authority of the file, then the connection is encrypted, with the password from a file too', async () => {
  const ca = { DATABASE_TLS_CA_FILE: await caFile() };
  expect(await connected(dataSource(urls.appUrl, ca), encrypted)).toEqual({ ssl: true, version: 'TLSv1.3' });
  const url = new URL(urls.appUrl);
  url.password = '';
  const both = { ...ca, DATABASE_PASSWORD_FILE: urls.appPasswordFile! };
  expect(await connected(dataSource(url.href, both), encrypted)).toMatchObject({ ssl: true });
  expect(await connected(dataSource(urls.appUrl, {}), encrypted)).toMatchObject({ ssl: false });
});

test('When another authority is trusted, then the server is refused', async () => {
  const ca = { DATABASE_TLS_CA_FILE: await caFile(await anAuthority()) };
  await expect(dataSource(urls.appUrl, ca).initialize()).rejects.toThrow(/certificate/);
});

test('When the certificate is for another host, then the server is refused', async () => {
  const ca = { DATABASE_TLS_CA_FILE: await caFile() };
  const elsewhere = urls.appUrl.replace('127.0.0.1', 'localhost');
  await expect(dataSource(elsewhere, ca).initialize()).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('When the server speaks no TLS, then it is refused and nothing is said to it', async () => {
  const { appUrl } = await createTestDatabase();
  const ca = { DATABASE_TLS_CA_FILE: await caFile() };
  await expect(dataSource(appUrl, ca).initialize()).rejects.toThrow('does not support SSL');
});

test('When the authority in the file changes, then new connections trust the new one, without a restart', async () => {
  const file = await caFile();
  await connected(dataSource(urls.appUrl, { DATABASE_TLS_CA_FILE: file }), async (db) => {
    const runners = [db.createQueryRunner(), db.createQueryRunner(), db.createQueryRunner()];
    await runners[0]!.connect();
    await writeFile(file, 'half written');
    await runners[1]!.connect();
    await writeFile(file, (await anAuthority()).cert);
    await expect(db.createQueryRunner().connect()).rejects.toThrow(/certificate/);
    await writeFile(file, authority.cert);
    await runners[2]!.connect();
    await Promise.all(runners.map((runner) => runner.release()));
  });
});

test('When the server asks for our certificate, then it gets the one of the files', async () => {
  const client = await signedBy(authority, { name: 'app' });
  const files = {
    DATABASE_TLS_CA_FILE: await caFile(),
    DATABASE_TLS_CERT_FILE: await pemFile(folder, 'client.pem', client.cert),
    DATABASE_TLS_KEY_FILE: await pemFile(folder, 'client-key.pem', client.key),
  };
  const other = await signedBy(authority, { name: 'other' });
  expect(await connected(dataSource(urls.appUrl, files), encrypted)).toMatchObject({ ssl: true });
  const mixed = { ...files, DATABASE_TLS_KEY_FILE: await pemFile(folder, 'other-key.pem', other.key) };
  expect(() => dataSource(urls.appUrl, mixed)).toThrow('DATABASE_TLS_CA_FILE and the files beside it');
});
