import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './children.js';
import { baseEnvironment } from './config.js';
import { newPassword } from './databases.js';
import { type PostgresBinaries, assertReachable } from './postgres-binaries.js';

export interface ClusterOptions {
  dataDir: string;
  binaries: PostgresBinaries;
  fsync: boolean;
  logFile: string;
}

/**
 * Makes the cluster in `<dataDir>/cluster` unless it is there, and returns the superuser's password.
 * A start that was killed half way leaves nothing that the next one would mistake for a cluster.
 */
export async function prepareCluster(options: ClusterOptions): Promise<string> {
  const { dataDir, binaries } = options;
  mkdirSync(dataDir, { recursive: true });
  const passwordFile = join(dataDir, 'superuser-password');
  const cluster = join(dataDir, 'cluster');
  if (existsSync(join(cluster, 'PG_VERSION'))) return readFileSync(passwordFile, 'utf8').trim();
  if (binaries.account !== undefined) assertReachable(dataDir);
  const password = newPassword();
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const half = join(dataDir, 'cluster.new');
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  own(binaries, half, passwordFile);
  await initialise(options, half, passwordFile);
  renameSync(half, cluster);
  if (binaries.account !== undefined) chownSync(passwordFile, 0, 0);
  return password;
}

/** Puts certificate and key where the server may read them; the settings that name them. */
export function writeServerKeys(
  dataDir: string,
  binaries: PostgresBinaries,
  { cert, key }: { cert: string; key: string },
): Record<string, string> {
  const files = [join(dataDir, 'server.crt'), join(dataDir, 'server.key')] as const;
  writeFileSync(files[0], cert, { mode: 0o600 });
  writeFileSync(files[1], key, { mode: 0o600 });
  own(binaries, ...files);
  return { ssl: 'on', ssl_cert_file: files[0], ssl_key_file: files[1] };
}

async function initialise(options: ClusterOptions, cluster: string, passwordFile: string): Promise<void> {
  const { dataDir, binaries, fsync, logFile } = options;
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const child = await startChild({
    command: binaries.initdb,
    args: [
      `--pgdata=${cluster}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      ...locale,
      ...(fsync ? [] : ['--no-sync']),
    ],
    env: { ...baseEnvironment(), LC_ALL: 'C' },
    logFile,
    pidFile: join(dataDir, 'initdb.pid'),
    marker: dataDir,
    cwd: '/',
    ...binaries.account,
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`PostgreSQL's initdb failed (see ${child.logFile})`);
}

function own(binaries: PostgresBinaries, ...paths: string[]): void {
  const { account } = binaries;
  if (account !== undefined) paths.forEach((path) => chownSync(path, account.uid, account.gid));
}
