import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export interface DatabaseUrls {
  /** Role `<name>_owner`: owns the database and its schema, migrates. */
  ownerUrl: string;
  /** Role `<name>_app`: reads and writes rows, cannot create or change tables. */
  appUrl: string;
  /** The passwords in both addresses, as files; only when `passwordsDir` was given. */
  ownerPasswordFile?: string;
  appPasswordFile?: string;
}

export interface CreateDatabasesOptions {
  /** A superuser's address; the databases and roles are made on that server. */
  superuserUrl: string;
  /** Lower case letters, digits and underscores. */
  names: string[];
  /** Folder (mode 700) that keeps the random passwords, a file (600) per role. Without it every call sets new ones. */
  passwordsDir?: string;
  /** Another folder for the owners' passwords. */
  ownerPasswordsDir?: string;
}

/**
 * Makes each database with its owner and application role, or brings existing ones to the same state;
 * data is kept. The application role gets exactly SELECT, INSERT, UPDATE, DELETE and the use of sequences,
 * also on tables that the owner creates later; of append-only tables SELECT and INSERT. Nobody else may connect.
 */
export async function createDatabases<Name extends string>(
  options: CreateDatabasesOptions & { names: Name[] },
): Promise<Record<Name, DatabaseUrls>> {
  const { passwordsDir, ownerPasswordsDir = passwordsDir } = options;
  const urls: Partial<Record<Name, DatabaseUrls>> = {};
  await connected(options.superuserUrl, async (server) => {
    for (const name of options.names) {
      assertName(name);
      const owner = passwordOf(`${name}_owner`, ownerPasswordsDir);
      const app = passwordOf(`${name}_app`, passwordsDir);
      await ensureRole(server, owner);
      await ensureRole(server, app);
      await ensureDatabase(server, name);
      await connected(databaseUrl(options.superuserUrl, name), (database) => grant(database, name));
      urls[name] = {
        ownerUrl: databaseUrl(options.superuserUrl, name, owner),
        ownerPasswordFile: owner.file,
        appUrl: databaseUrl(options.superuserUrl, name, app),
        appPasswordFile: app.file,
      };
    }
  });
  return urls as Record<Name, DatabaseUrls>;
}

/** Runs `work` on one connection and closes it, whatever happens. */
export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 30_000 });
  // A connection that breaks also rejects the query under way; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A password of 24 random bytes that needs no escaping in an address. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Writes JSON that only its owner may read. */
export function writePrivateJson(file: string, content: unknown): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

/** An address without the password in it. */
export function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = '';
  return url.href;
}

interface Role {
  readonly role: string;
  readonly password: string;
  readonly file?: string;
}

function passwordOf(role: string, dir?: string): Role {
  if (dir === undefined) return { role, password: newPassword() };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, `${role}.password`);
  return { role, file, password: ensurePassword(file) };
}

/** The password in the file, which is made (mode 600) when it is not there. */
export function ensurePassword(file: string): string {
  try {
    writeFileSync(file, `${newPassword()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const password = readFileSync(file, 'utf8').trim();
  if (password === '') throw new Error(`${file} is empty; delete it and a new password is set`);
  return password;
}

async function ensureRole(server: pg.Client, { role, password }: Role): Promise<void> {
  const known = await server.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const verb = known.rowCount === 0 ? 'CREATE' : 'ALTER';
  await server.query(
    `${verb} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD ${server.escapeLiteral(password)}`,
  );
}

async function ensureDatabase(server: pg.Client, name: string): Promise<void> {
  const known = await server.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (known.rowCount === 0) await server.query(`CREATE DATABASE ${name} OWNER ${name}_owner`);
}

async function grant(database: pg.Client, name: string): Promise<void> {
  const owner = `${name}_owner`;
  const app = `${name}_app`;
  await database.query(`
    REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${name} TO ${app};
    ALTER SCHEMA public OWNER TO ${owner};
    REVOKE ALL ON SCHEMA public FROM PUBLIC, ${app};
    GRANT USAGE ON SCHEMA public TO ${app};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public
      GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${app};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${app};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${app};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${app};
    -- Tables with this trigger are never changed, only added to (the audit log).
    DO $$
    DECLARE guarded regclass;
    BEGIN
      FOR guarded IN SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'append_only' LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON %s FROM ${app}', guarded);
      END LOOP;
    END $$;
  `);
}

function databaseUrl(serverUrl: string, name: string, user?: Role): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  if (user !== undefined) Object.assign(url, { username: user.role, password: user.password });
  return url.href;
}

function assertName(name: string): void {
  if (!/^[a-z][a-z0-9_]{0,50}$/.test(name)) throw new Error(`${name} is not a name for a database here`);
}
