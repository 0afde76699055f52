import { Agent, request as httpRequest } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { ContactExpunged } from '#contracts';
import { type BatchHandler, on, type Subscription } from '#messaging';
import { createTestDatabase } from '../../../test/support/database.js';
import { testModule } from '../test/test-service.js';
import { migrate } from './migrate.js';
import { Pumps } from './pump.js';
import { Readiness } from './readiness.js';
import { type RunningApp, startApp } from './start-app.js';

class FirstTable1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE first_table (id int)');
  }

  async down(): Promise<void> {}
}

class SecondTable1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE second_table (id int)');
  }

  async down(): Promise<void> {}
}

class ThirdColumn1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE first_table ADD COLUMN third text');
  }

  async down(): Promise<void> {}
}

class Broken1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE third_table (id int)');
    await runner.query('CREATE TABLE first_table (id int)');
  }

  async down(): Promise<void> {}
}

/** Anybody may call it. */
const routes = { 'GET /v1/slow': 'public', 'GET /v1/slow/fast': 'public' } as const;

/** Has nothing to do: there is no broker. */
@Controller()
class Learn implements BatchHandler<ContactExpunged> {
  async handle(): Promise<void> {}
}

let released: () => void = () => undefined;

@Controller('v1/slow')
class SlowController {
  @Get()
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => (released = resolve));
    return { done: true };
  }

  @Get('fast')
  fast(): object {
    return { done: true };
  }
}

let running: RunningApp | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

interface Ready {
  status: string;
  problems: string[];
}

const ready = async (url: string): Promise<Ready> => (await fetch(`${url}/health/ready`)).json() as Promise<Ready>;

async function waitFor(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await sleep(20);
}

describe('When the schema is migrated', () => {
  test('then two at once apply each migration once, as the owner, in order', async () => {
    const { ownerUrl } = await createTestDatabase();
    const migrations = [SecondTable1700000000002, FirstTable1700000000001];
    const applied = await Promise.all([1, 2].map(() => migrate('contact-service', ownerUrl, migrations)));
    expect(applied.sort((a, b) => a.length - b.length)).toEqual([
      [],
      ['FirstTable1700000000001', 'SecondTable1700000000002'],
    ]);
  });

  test('then a failed one leaves the schema at the last good one', async () => {
    const { ownerUrl } = await createTestDatabase();
    const all = [FirstTable1700000000001, Broken1700000000003];
    await expect(migrate('contact-service', ownerUrl, all)).rejects.toThrow();
    expect(await migrate('contact-service', ownerUrl, [FirstTable1700000000001])).toEqual([]);
    const owner = await new DataSource({ type: 'postgres', url: ownerUrl }).initialize();
    expect(await owner.query("SELECT to_regclass('third_table') AS found")).toEqual([{ found: null }]);
    await owner.destroy();
  });
});

describe('When a table that is to be changed is in use', () => {
  test('then the migration gives way to others again and again, and is made as soon as it is free', async () => {
    const { ownerUrl } = await createTestDatabase();
    await migrate('contact-service', ownerUrl, [FirstTable1700000000001]);
    const owner = await new DataSource({ type: 'postgres', url: ownerUrl, poolSize: 3 }).initialize();
    const user = owner.createQueryRunner();
    await user.startTransaction();
    await user.query('INSERT INTO first_table VALUES (1)');
    const migrating = migrate('contact-service', ownerUrl, [FirstTable1700000000001, ThirdColumn1700000000003]);
    await waitFor(async () => (await owner.query(WAITING)).length > 0);
    // It comes behind the migration, which must not wait for as long as the one that uses the table.
    await owner.query(`SET statement_timeout = '10s'; SELECT * FROM first_table`);
    expect(user.isTransactionActive).toBe(true);
    await user.commitTransaction();
    await user.release();
    expect(await migrating).toEqual(['ThirdColumn1700000000003']);
    await owner.destroy();
  });
});

/** A statement that waits for a table. */
const WAITING = `SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

describe('When the database is not there yet', () => {
  test('then health answers, requests get 503, and the service goes on by itself once it is', async () => {
    const { appUrl, ownerUrl } = await createTestDatabase();
    const url = new URL(appUrl);
    const port = await freePort();
    const away = `postgres://${url.username}:${url.password}@127.0.0.1:${port}${url.pathname}`;
    const logged: { level: string; msg: string }[] = [];
    const logTo = { write: (line: string): void => void logged.push(JSON.parse(line) as (typeof logged)[number]) };
    const parts = { routes, migrations: [FirstTable1700000000001], logTo };
    running = await startApp(testModule({ DATABASE_URL: away, LOG_LEVEL: 'info' }, [SlowController], parts));
    expect((await fetch(`${running.url}/health/started`)).status).toBe(200);
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
    await waitFor(async () => (await ready(running!.url)).problems.includes('database: cannot be reached'));
    const refused = await fetch(`${running.url}/v1/slow/fast`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'starting' });
    expect(logged.filter(({ msg }) => msg === 'request failed')).toMatchObject([{ level: 'warn' }]);

    const tunnel = await tunnelTo(port, url);
    await waitFor(async () => (await ready(running!.url)).problems.some((problem) => problem.startsWith('schema:')));
    expect((await ready(running.url)).problems).toContain(
      'schema: too old, lacks FirstTable1700000000001; run migrate',
    );
    expect((await fetch(`${running.url}/v1/slow/fast`)).status).toBe(503);

    await migrate('contact-service', ownerUrl, [FirstTable1700000000001, SecondTable1700000000002]);
    await running.usable();
    expect((await fetch(`${running.url}/v1/slow/fast`)).status).toBe(200);

    tunnel.cut();
    await waitFor(async () => (await ready(running!.url)).problems.includes('database: does not answer'));
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
    await tunnel.mend();
    await waitFor(async () => !(await ready(running!.url)).problems.includes('database: does not answer'));
    await running.stop();
    running = undefined;
    tunnel.cut();
  }, 60_000);

  test('then it can be stopped while it waits', async () => {
    const app = await startApp(testModule({}));
    const begun = performance.now();
    await app.stop();
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('When it is not known yet who has been expunged', () => {
  test('then nothing that a restored database holds is begun', async () => {
    const { appUrl } = await createTestDatabase();
    const runs = { reader: 0, other: 0 };
    const counting = async (name: keyof typeof runs, subscriptions: Subscription[]): Promise<void> => {
      const app = await startApp(testModule({ DATABASE_URL: appUrl }, [Learn], { routes: {}, subscriptions }));
      const run = (): Promise<'idle'> => Promise.resolve(((runs[name] += 1), 'idle' as const));
      app.app.get(Pumps).register({ name, everyMs: 10, run });
      await app.usable();
      await sleep(200);
      await app.stop();
    };
    await counting('reader', [on(ContactExpunged, Learn)]);
    await counting('other', []);
    expect(runs.reader).toBe(0);
    expect(runs.other).toBeGreaterThan(0);
  });
});

describe('When a service is told to stop', () => {
  test('then running requests are answered, pumps end their run, and new connections are refused', async () => {
    const { appUrl } = await createTestDatabase();
    const app = await startApp(testModule({ DATABASE_URL: appUrl }, [SlowController], { routes }));
    const events: string[] = [];
    app.app.get(Pumps).register({ name: 'slow', everyMs: 10, run: () => slowRun(events) });
    await app.usable();
    await waitFor(() => Promise.resolve(events.includes('begun')));
    const keptAlive = await openKeepAlive(app.url);
    const slow = fetch(`${app.url}/v1/slow`);
    const answer = slow.then((response) => response.json());
    await sleep(50);
    const stopped = app.stop().then(() => events.push('stopped'));
    await waitFor(() =>
      fetch(`${app.url}/health/started`).then(
        () => false,
        () => true,
      ),
    );
    expect(events).not.toContain('stopped');
    released();
    expect(await answer).toEqual({ done: true });
    // It was begun before the stop; the client must not send another one into this connection.
    expect((await slow).headers.get('connection')).toBe('close');
    await keptAlive.closed;
    await stopped;
    expect(events.slice(-2)).toEqual(['ended', 'stopped']);
    expect(app.app.get(DataSource).isInitialized).toBe(false);
  });

  test('then a connection in use takes one more request, whose answer ends it', async () => {
    const { appUrl } = await createTestDatabase();
    const app = await startApp(testModule({ DATABASE_URL: appUrl }, [SlowController], { routes }));
    await app.usable();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await getFast(app.url, agent);
    const stopped = app.stop();
    await waitFor(() => Promise.resolve(app.app.get(Readiness).problems().includes('stopping')));
    const after = await getFast(app.url, agent);
    expect([before, after]).toMatchObject([{ connection: 'keep-alive' }, { connection: 'close', reused: true }]);
    await stopped;
  });

  test('then a stop that takes too long is given up', async () => {
    const { appUrl } = await createTestDatabase();
    const app = await startApp(
      testModule({ DATABASE_URL: appUrl, STOP_DEADLINE_SECONDS: '1' }, [SlowController], { routes }),
    );
    await app.usable();
    const answer = fetch(`${app.url}/v1/slow`);
    await sleep(50);
    await expect(app.stop()).rejects.toThrow('did not stop in time');
    released();
    expect((await answer).status).toBe(200);
  });
});

async function slowRun(events: string[]): Promise<'idle'> {
  events.push('begun');
  await sleep(100);
  events.push('ended');
  return 'idle';
}

/** A connection that has had its answer and stays open. */
async function openKeepAlive(url: string): Promise<{ closed: Promise<unknown> }> {
  return new Promise((resolve) => {
    const request = httpRequest(`${url}/v1/slow/fast`, { headers: { connection: 'keep-alive' } }, (response) => {
      response.resume();
      const closed = new Promise((done) => response.socket.once('close', done));
      response.once('end', () => resolve({ closed }));
    });
    request.end();
  });
}

async function getFast(url: string, agent: Agent): Promise<{ connection?: string; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/slow/fast`, { agent }, (response) => {
      const { connection } = response.headers;
      response.resume().once('end', () => resolve({ connection, reused: request.reusedSocket }));
    });
    request.once('error', reject).end();
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A database server that can go away and come back, without stopping the one the other tests use. */
async function tunnelTo(port: number, database: URL): Promise<{ cut: () => void; mend: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(Number(database.port), database.hostname);
    for (const socket of [inner, outer]) sockets.add(socket.on('error', () => undefined));
    inner.pipe(outer).pipe(inner);
  });
  const listen = (): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen();
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { cut, mend: listen };
}
