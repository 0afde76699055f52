import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { waitUntil } from '#local';
import { inEveryTenant } from '#messaging';
import { createTestDatabase } from '../../../test/support/database.js';
import { many } from '../../../test/support/make.js';
import { testModule } from '../test/test-service.js';
import { migrate } from './migrate.js';
import { secretFile } from './secret-files.js';
import { type RunningApp, startApp } from './start-app.js';

const POOL = 8;
const routes = { 'GET /v1/work': 'public' } as const;

@Controller('v1/work')
class WorkController {
  constructor(private readonly db: DataSource) {}

  @Get()
  async work(): Promise<object> {
    await inEveryTenant(this.db, (tx) => tx.query('SELECT pg_sleep(0.02)'));
    return { done: true };
  }
}

let folder: string;
let file: string;
let superuser: pg.Client;
let role: string;
let address: string;
let running: RunningApp;
let log = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'database-password-'));
  file = join(folder, 'password');
  superuser = new pg.Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await superuser.connect();
  const { appUrl } = await createTestDatabase();
  const url = new URL(appUrl);
  role = url.username;
  await writeFile(file, `${url.password}\n`);
  url.password = '';
  address = url.href;
  running = await start();
});
afterAll(async () => {
  await running.stop();
  await superuser.end();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  log = '';
});

async function start(usable = true): Promise<RunningApp> {
  const env = {
    DATABASE_URL: address,
    DATABASE_PASSWORD_FILE: file,
    DATABASE_POOL_SIZE: String(POOL),
    LOG_LEVEL: 'info',
  };
  const logTo = new PassThrough().on('data', (chunk: Buffer) => (log += chunk.toString()));
  const app = await startApp(testModule(env, [WorkController], { routes, logTo }));
  if (usable) await app.usable();
  return app;
}

const work = async (): Promise<number> => (await fetch(`${running.url}/v1/work`)).status;
/** More requests at once than there are connections. */
const burst = (): Promise<number[]> => Promise.all(many(2 * POOL, work));

/** Answers of requests that follow each other without a pause, two at a time, until `stop`. */
function load(): { stop: () => Promise<number[]> } {
  const statuses: number[] = [];
  let on = true;
  const worker = async (): Promise<void> => {
    while (on) statuses.push(await work());
  };
  const workers = many(2, worker);
  return {
    stop: async () => {
      on = false;
      await Promise.all(workers);
      return statuses;
    },
  };
}

const onServer = (password: string): Promise<unknown> =>
  superuser.query(`ALTER ROLE ${role} PASSWORD ${superuser.escapeLiteral(password)}`);

const newPassword = (): string => randomBytes(12).toString('base64url');

/** Ends the connections nobody has used for a moment; those in use are the load's, and no request is to be cut off. */
async function endIdleConnections(): Promise<void> {
  let count = 0;
  const ended = async (): Promise<true | undefined> => {
    const { rowCount } = await superuser.query(
      `SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
       WHERE usename = $1 AND state = 'idle' AND state_change < now() - interval '0.2 s'`,
      [role],
    );
    count += rowCount ?? 0;
    return count >= POOL / 2 || undefined;
  };
  await waitUntil(ended, { what: 'idle connections are ended', timeoutMs: 20_000 });
}

const untilLogged = (text: string): Promise<unknown> =>
  waitUntil(() => log.includes(text) || undefined, { what: text, timeoutMs: 20_000 });

const allOk = (statuses: number[]): void => expect(statuses.filter((status) => status !== 200)).toEqual([]);

describe('When the password is changed under load', () => {
  test('then file first and server long after it fails no request, also where new connections are needed', async () => {
    const requests = load();
    allOk(await burst());
    const password = newPassword();
    await writeFile(file, password);
    await endIdleConnections();
    allOk(await burst());
    await onServer(password);
    await endIdleConnections();
    allOk(await burst());
    const statuses = await requests.stop();
    expect(statuses.length).toBeGreaterThan(10);
    allOk(statuses);
  });

  test('then server first lets requests that need a new connection wait for the file, and fails none', async () => {
    const requests = load();
    allOk(await burst());
    const password = newPassword();
    await onServer(password);
    await endIdleConnections();
    const waiting = burst();
    await untilLogged('the database refuses the password');
    await writeFile(file, '');
    await writeFile(file, `${password}\n`);
    allOk(await waiting);
    allOk(await requests.stop());
    expect(log).not.toContain(password);
  });

  test('then what runs on an open connection does not notice', async () => {
    await writeFile(file, newPassword());
    allOk(await Promise.all(many(2, work)));
    const password = newPassword();
    await writeFile(file, password);
    await onServer(password);
  });
});

test('When the password is wrong at the start, then the service says so, waits, and starts once the file is mended', async () => {
  const right = secretFile(file)();
  await writeFile(file, 'wrong');
  const app = await start(false);
  const ready = async (): Promise<string[]> =>
    ((await (await fetch(`${app.url}/health/ready`)).json()) as { problems: string[] }).problems;
  await waitUntil(async () => (await ready()).includes('database: refuses us') || undefined, {
    what: 'it says that it is refused',
    timeoutMs: 20_000,
  });
  await writeFile(file, right);
  await app.usable();
  await app.stop();
});

test('When migrate has its password in a file, then it works with it, and a wrong one ends it at once', async () => {
  const { ownerUrl } = await createTestDatabase();
  const url = new URL(ownerUrl);
  const { password } = url;
  url.password = '';
  expect(await migrate('contact-service', { url: url.href, password: () => password }, [])).toEqual([]);
  await expect(migrate('contact-service', { url: url.href, password: () => 'wrong' }, [])).rejects.toMatchObject({
    code: '28P01',
  });
});
