import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';

export interface DatabaseUrls {
  /** Role `<name>_owner`: owns the database and its schema, migrates. */
  ownerUrl: string;
  /** Role `<name>_app`: reads and writes rows, cannot create or change tables. */
  appUrl: string;
}

export interface CreateDatabasesOptions {
  /** A superuser's address; the databases and roles are made on that server. */
  superuserUrl: string;
  /** Lower case letters, digits and underscores. */
  names: string[];
  /** Where the random passwords are kept (mode 600). Without it every call sets new ones. */
  passwordsFile?: string;
}

/**
 * Makes each database with its owner and application role, or brings existing ones to the same state;
 * data is kept. The application role gets exactly SELECT, INSERT, UPDATE, DELETE and the use of sequences,
 * also on tables that the owner creates later. Nobody else may connect.
 */
export async function createDatabases<Name extends string>(
  options: CreateDatabasesOptions & { names: Name[] },
): Promise<Record<Name, DatabaseUrls>> {
  const passwords = readPasswords(options.passwordsFile);
  const urls: Partial<Record<Name, DatabaseUrls>> = {};
  await connected(options.superuserUrl, async (server) => {
    for (const name of options.names) {
      assertName(name);
      const owner = `${name}_owner`;
      const app = `${name}_app`;
      passwords[owner] ??= newPassword();
      passwords[app] ??= newPassword();
      if (options.passwordsFile !== undefined) writePrivateJson(options.passwordsFile, passwords);
      await ensureRole(server, owner, passwords[owner]);
      await ensureRole(server, app, passwords[app]);
      await ensureDatabase(server, name);
      await connected(databaseUrl(options.superuserUrl, name), (database) => grant(database, name));
      urls[name] = {
        ownerUrl: databaseUrl(options.superuserUrl, name, owner, passwords[owner]),
        appUrl: databaseUrl(options.superuserUrl, name, app, passwords[app]),
      };
    }
  });
  return urls as Record<Name, DatabaseUrls>;
}

/** Runs `work` on one connection and closes it, whatever happens. */
export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
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

async function ensureRole(server: pg.Client, role: string, password: string): Promise<void> {
  const known = await server.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const verb = known.rowCount === 0 ? 'CREATE' : 'ALTER';
  await server.query(
    `${verb} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${server.escapeLiteral(password)}`,
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
  `);
}

function databaseUrl(serverUrl: string, name: string, user?: string, password?: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  if (user !== undefined) url.username = user;
  if (password !== undefined) url.password = password;
  return url.href;
}

function assertName(name: string): void {
  if (!/^[a-z][a-z0-9_]{0,50}$/.test(name)) throw new Error(`${name} is not a name for a database here`);
}

function readPasswords(file?: string): Record<string, string> {
  if (file === undefined) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${file} cannot be read; if it is damaged, delete it and new passwords are set`);
  }
}
