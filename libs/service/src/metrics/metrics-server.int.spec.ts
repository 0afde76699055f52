import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Controller, Get, Param } from '@nestjs/common';
import { afterEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { generate } from 'selfsigned';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createMessagingTables } from '#messaging';
import { waitUntil } from '#local';
import { createTestDatabase } from '../../../../test/support/database.js';
import { type Scraped, scrape } from '../../../../test/support/scrape.js';
import { createAuditTables } from '../audit/audit-tables.js';
import { testModule } from '../../test/test-service.js';
import { migrate } from '../migrate.js';
import { type RunningApp, startApp } from '../start-app.js';
import { DatabaseReadings } from './database-readings.js';
import { MetricsServer } from './metrics-server.js';

class Tables1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner);
    await createAuditTables(runner);
  }

  async down(): Promise<void> {}
}

@Controller('v1/things')
class Things {
  @Get(':id')
  read(@Param('id') id: string): object {
    return { id };
  }
}
const routes = { 'GET /v1/things/:id': 'public' } as const;

const running: RunningApp[] = [];
const databases: DataSource[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()));
  await Promise.all(databases.splice(0).map((db) => db.destroy()));
});

async function aService(env: Record<string, string> = {}): Promise<RunningApp> {
  const module = testModule({ METRICS_PORT: '0', ...env }, [Things], { routes, migrations: [Tables1700000000001] });
  const service = await startApp(module);
  running.push(service);
  return service;
}

/** With the tables of every service, and the owner's own connection to them. */
async function aDatabase(): Promise<{ appUrl: string; db: DataSource }> {
  const { appUrl, ownerUrl } = await createTestDatabase();
  await migrate('contact-service', ownerUrl, [Tables1700000000001]);
  const db = await new DataSource({ type: 'postgres', url: ownerUrl, installExtensions: false }).initialize();
  databases.push(db);
  return { appUrl, db };
}

const portOf = ({ app }: RunningApp): number | undefined => app.get(MetricsServer).port;
const scrapeOf = (service: RunningApp): Promise<Scraped> => scrape(portOf(service));

test('When METRICS_PORT is set, then GET /metrics is answered there, and nothing else', async () => {
  const service = await aService();
  const { text } = await scrapeOf(service);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds\{service="contact-service"\} /m);
  expect(text).toMatch(/^process_resident_memory_bytes\{service="contact-service"\} /m);
  const url = `http://127.0.0.1:${portOf(service)}`;
  const others = [fetch(url), fetch(`${url}/health/live`), fetch(`${url}/metrics`, { method: 'POST' })];
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual([404, 404, 404]);
  expect((await fetch(`${service.url}/metrics`)).status).toBe(404);
});

test('When a value cannot be told, then the scrape fails and the service lives on', async () => {
  const service = await aService();
  const registry = service.app.get(Registry);
  const collect = (): never => {
    throw new Error('broken');
  };
  registry.registerMetric(new Gauge({ name: 'broken', help: 'Fails', registers: [], collect }));
  expect((await fetch(`http://127.0.0.1:${portOf(service)}/metrics`)).status).toBe(500);
  registry.removeSingleMetric('broken');
  expect((await fetch(`http://127.0.0.1:${portOf(service)}/metrics`)).status).toBe(200);
});

test('When the service has stopped, then the port is free again', async () => {
  const service = await aService();
  const port = portOf(service);
  await running.pop()!.stop();
  const again = await aService({ METRICS_PORT: String(port) });
  expect(portOf(again)).toBe(port);
});

test('When METRICS_PORT is not set, then nothing listens', async () => {
  expect(portOf(await aService({ METRICS_PORT: '' }))).toBeUndefined();
});

test('When the port is taken, then the service does not start and says which', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(aService({ METRICS_PORT: String(port) })).rejects.toThrow(
    `METRICS_PORT: cannot listen on port ${port} (EADDRINUSE).`,
  );
  other.close();
});

test('When requests are answered, then their times are counted by route pattern, never by what was asked for', async () => {
  const service = await aService();
  const id = randomUUID();
  for (const path of [`/v1/things/${id}`, `/v1/things/${id}?q=jo@example.com`, `/v1/nothing/${id}`]) {
    await fetch(`${service.url}${path}`);
  }
  const { text, value } = await scrapeOf(service);
  const counted = 'http_request_duration_seconds_count';
  // There is no database, so that the route answers 503.
  expect(value(counted, { method: 'GET', route: '/v1/things/:id', status: '503' })).toBe(2);
  expect(value(counted, { method: 'GET', route: 'unmatched', status: '404' })).toBe(1);
  expect(text).not.toContain(id);
  expect(text).not.toContain('example.com');
});

test('When the database cannot be reached, then its values are left out, and the scrape answers', async () => {
  const { value } = await scrapeOf(await aService());
  expect(value('metrics_read_failed')).toBe(1);
  expect(value('outbox_oldest_age_seconds')).toBeUndefined();
  expect(value('dead_letters_waiting')).toBeUndefined();
});

test('When the database does not answer, then the scrape does not wait for it, and has the values later', async () => {
  const { appUrl, db } = await aDatabase();
  const service = await aService({ DATABASE_URL: appUrl });
  await service.usable();
  const blocker = db.createQueryRunner();
  await blocker.startTransaction();
  await blocker.query('LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE');
  const begun = performance.now();
  const { value } = await scrapeOf(service);
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(value('metrics_read_failed')).toBe(1);
  expect(value('outbox_oldest_age_seconds')).toBeUndefined();
  await blocker.rollbackTransaction();
  await blocker.release();
  const back = async (): Promise<true | undefined> =>
    (await scrapeOf(service)).value('metrics_read_failed') === 0 || undefined;
  await waitUntil(back, { what: 'the values are read again', timeoutMs: 30_000 });
  expect((await scrapeOf(service)).value('outbox_oldest_age_seconds')).toBe(0);
});

test('When a message waits to be published, then its age is told; one process of two is the one to publish', async () => {
  const { appUrl, db } = await aDatabase();
  const services = [await aService({ DATABASE_URL: appUrl }), await aService({ DATABASE_URL: appUrl })];
  await Promise.all(services.map((service) => service.usable()));
  const at = new Date(Date.now() - 60_000).toISOString();
  await db.query(`INSERT INTO outbox (id, topic, key, type, headers, data) VALUES ($1, 't', 'k', 'T', $2, '{}')`, [
    randomUUID(),
    JSON.stringify({ ce_time: at }),
  ]);
  const look = async (): Promise<true | undefined> => {
    const scraped = await Promise.all(services.map(scrapeOf));
    return scraped.reduce((sum, { value }) => sum + value('relay_leading')!, 0) === 1 || undefined;
  };
  await waitUntil(look, { what: 'one relay leads', timeoutMs: 30_000 });
  await services[0]!.app.get(DatabaseReadings).refresh({ notOlderThanMs: 0 });
  const age = (await scrapeOf(services[0]!)).value('outbox_oldest_age_seconds');
  expect(age).toBeGreaterThanOrEqual(60);
  expect(age).toBeLessThan(90);
});

test('When messages are parked, then they are counted by topic', async () => {
  const { appUrl, db } = await aDatabase();
  const key = randomUUID();
  await db.query(
    `INSERT INTO dead_letter (topic, type, key, digest, reason, headers, data)
     SELECT topic, 'T', $1, '', 'r', '{}', '' FROM unnest(ARRAY['expunge.acks', 'contact.events']) AS topic`,
    [key],
  );
  const service = await aService({ DATABASE_URL: appUrl });
  await service.usable();
  const { text, value } = await scrapeOf(service);
  expect(value('dead_letters_waiting', { topic: 'expunge.acks' })).toBe(1);
  expect(value('dead_letters_waiting', { topic: 'contact.events' })).toBe(1);
  expect(text).not.toContain(key);
  await db.query('DELETE FROM dead_letter');
  await service.app.get(DatabaseReadings).refresh({ notOlderThanMs: 0 });
  expect((await scrapeOf(service)).value('dead_letters_waiting', { topic: 'expunge.acks' })).toBeUndefined();
});

test('When more is asked of the database than there are connections, then it is told how many wait', async () => {
  const { appUrl, db } = await aDatabase();
  const service = await aService({ DATABASE_URL: appUrl, DATABASE_POOL_SIZE: '3' });
  await service.usable();
  const blocker = db.createQueryRunner();
  await blocker.query('SELECT pg_advisory_lock(1)');
  const own = service.app.get(DataSource);
  const waiting = Array.from({ length: 5 }, () => own.query('SELECT pg_advisory_lock_shared(1)'));
  const look = async (): Promise<true | undefined> => {
    const { value } = await scrapeOf(service);
    const used = value('database_pool_connections', { pool: 'requests', state: 'used' });
    return (used === 3 && value('database_pool_waiting', { pool: 'requests' })! >= 2) || undefined;
  };
  await waitUntil(look, { what: 'statements wait for a connection', timeoutMs: 30_000 });
  await blocker.query('SELECT pg_advisory_unlock(1)');
  await Promise.all(waiting);
  await blocker.release();
  const free = async (): Promise<true | undefined> =>
    (await scrapeOf(service)).value('database_pool_waiting', { pool: 'requests' }) === 0 || undefined;
  await waitUntil(free, { what: 'nothing waits', timeoutMs: 30_000 });
});

test('When a certificate is replaced, then the end of the new one is told', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'certificate-')), 'ca.crt');
  const ends = [new Date('2031-01-01T00:00:00Z'), new Date('2032-01-01T00:00:00Z')];
  const [first, second] = await Promise.all(
    ends.map((notAfterDate) => generate([{ name: 'commonName', value: 'ca' }], { notAfterDate })),
  );
  await writeFile(file, first!.cert);
  const service = await aService({ KAFKA_TLS_CA_FILE: file });
  const told = async () =>
    (await scrapeOf(service)).value('key_expires_timestamp_seconds', { key: 'KAFKA_TLS_CA_FILE' });
  expect(await told()).toBe(ends[0]!.getTime() / 1_000);
  await writeFile(file, second!.cert);
  expect(await told()).toBe(ends[1]!.getTime() / 1_000);
});
