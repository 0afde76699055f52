import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Child, startChild } from './children.js';
import { baseEnvironment } from './config.js';
import { type DatabaseUrls, connected, createDatabases } from './databases.js';
import { KeepRunning } from './keep-running.js';
import { endProcess, identify } from './orphans.js';
import { freePort } from './ports.js';
import { type PostgresBinaries, findPostgres } from './postgres-binaries.js';
import { prepareCluster, writeServerKeys } from './postgres-cluster.js';
import { waitUntil } from './wait-until.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

export interface PostgresOptions {
  /** Kept between starts: the cluster, its passwords, the log. */
  dataDir: string;
  /** A free one unless told. */
  port?: number;
  /** False gives up safety against power loss for speed: tests and demo only. */
  fsync: boolean;
  /** The server's log, `<dataDir>/postgres.log` unless told. It never quotes statements or values. */
  log?: string;
  /** PEM texts: the server then also takes TLS connections. For tests. */
  tls?: { cert: string; key: string };
  /** Told when the server ends unasked, which is then started again; without it the server stays down. */
  report?: (line: string) => void;
}

export interface PostgresServer {
  readonly port: number;
  /** Undefined while nothing runs. */
  readonly pid: number | undefined;
  /** Role `postgres` on database `postgres`. */
  readonly superuserUrl: string;
  /** See `createDatabases` in databases.ts; the passwords are kept in `passwordsDir`, else in the data folder. */
  createDatabases<Name extends string>(names: Name[], passwordsDir?: string): Promise<Record<Name, DatabaseUrls>>;
  /** Fast shutdown: connections are closed, everything committed is kept. */
  stop(): Promise<void>;
  /** Ends the server at once (SIGKILL as a crash, SIGQUIT as an immediate stop); `restart` recovers. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs and starts it again on the same port with the same data. */
  restart(): Promise<void>;
}

/**
 * Starts a real PostgreSQL 18 on 127.0.0.1 and returns when it answers. Makes the cluster on the first
 * start; clears up after a launcher or a server that was killed. Rejects with the log file's name when
 * the server does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const dataDir = resolve(options.dataDir);
  const port = options.port ?? (await freePort());
  const binaries = findPostgres();
  const logFile = options.log ?? join(dataDir, 'postgres.log');
  const password = await prepareCluster({ dataDir, binaries, fsync: options.fsync, logFile });
  const superuserUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const tls = options.tls && writeServerKeys(dataDir, binaries, options.tls);
  const settings = { ...settingsOf(options.fsync), ...tls };
  const server = new KeepRunning({
    name: 'PostgreSQL',
    logFile,
    report: options.report,
    launch: () => launchServer({ dataDir, port, settings, logFile }, binaries, superuserUrl),
    end: (running) => running.stop('SIGINT', STOP_TIMEOUT_MS),
  });
  await server.start();
  return {
    port,
    superuserUrl,
    get pid() {
      return server.current?.pid;
    },
    createDatabases: (names, passwordsDir = join(dataDir, 'passwords')) =>
      createDatabases({ superuserUrl, names, passwordsDir }),
    stop: () => server.stop(),
    kill: (signal) => server.kill(signal),
    async restart() {
      await server.stop();
      await server.start();
    },
  };
}

async function launchServer(
  options: { dataDir: string; port: number; settings: Record<string, string>; logFile: string },
  binaries: PostgresBinaries,
  superuserUrl: string,
): Promise<Child> {
  const cluster = join(options.dataDir, 'cluster');
  const start = (): Promise<Child> =>
    startChild({
      command: binaries.postgres,
      args: ['-D', cluster, '-p', String(options.port), ...asArguments(options.settings)],
      env: { ...baseEnvironment(), LC_ALL: 'C' },
      logFile: options.logFile,
      pidFile: join(options.dataDir, 'postgres.pid'),
      marker: cluster,
      stopSignal: 'SIGINT',
      cwd: '/',
      ...binaries.account,
    });
  const running: { child?: Child } = {};
  const probe = async (): Promise<Child | undefined> => {
    if (running.child?.running !== true) {
      // After a crash the old backends need a moment to let go of the data; until then the server exits again.
      await endStrayServer(cluster);
      running.child = await start();
    }
    return (await answers(superuserUrl)) && running.child.running ? running.child : undefined;
  };
  const what = `PostgreSQL answers on port ${options.port}`;
  try {
    return await waitUntil(probe, { what, timeoutMs: START_TIMEOUT_MS, see: options.logFile });
  } catch (error) {
    await running.child?.kill('SIGKILL');
    throw error;
  }
}

/** As k8s/components/cloudnative-pg has it: room for the rows in use, and checkpoints by time, not by each burst of writes. */
const LIKE_DEPLOYED = { shared_buffers: '512MB', max_wal_size: '4GB' };

function settingsOf(fsync: boolean): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Personal data must not reach the log: no statements, no values, and no plain errors, whose text may quote input.
    log_statement: 'none',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    // synchronous_commit stays on: without it a killed server forgets the last commits, and tests kill it.
    ...(fsync ? LIKE_DEPLOYED : { fsync: 'off', full_page_writes: 'off' }),
  };
}

function asArguments(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Ends a server of this very cluster that is still running although nobody remembers having started it. */
async function endStrayServer(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : Number.NaN;
  if (!(pid > 1)) return;
  const process = await identify(pid);
  if (process?.command.includes(cluster) === true) await endProcess(pid, 'SIGINT', STOP_TIMEOUT_MS);
}

const NOT_YET = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03']);

async function answers(url: string): Promise<boolean> {
  try {
    await connected(url, (client) => client.query('SELECT 1'));
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== undefined && NOT_YET.has(code)) return false;
    throw error;
  }
}
