import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { createDatabases, startIdentityProvider, startPostgres } from '#local';
import { loadConfig, migrate, startApp } from '#service';
import { AppModule } from '../../apps/contact-service/src/app.module.js';
import { ContactConfig } from '../../apps/contact-service/src/config.js';
import { migrations } from '../../apps/contact-service/src/migrations/index.js';
import { AccessGuard } from '../../libs/service/src/access/access.guard.js';
import { rememberCaller } from '../../libs/service/src/access/caller.js';

// The other half of access.ts, in a process of its own, so that the caller does not share its event loop. One service, one
// pool, one database: a read differs only in what is taken out of it when its header asks for that.

const tenantId = randomUUID();
const contactId = randomUUID();
const recruiter = { subject: 'rita', roles: ['recruiter' as const], tenantId };
let unchecked = false;

const folder = await mkdtemp(join(tmpdir(), 'bench-access-'));
await chmod(folder, 0o711);
const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), fsync: true });
const identity = await startIdentityProvider();
const keyring = join(folder, 'keyring.json');
await writeFile(keyring, JSON.stringify({ keys: [{ kid: 'bench', k: randomBytes(32).toString('base64url') }] }));
const databases = await createDatabases({ superuserUrl: postgres.superuserUrl, names: ['bench'] });

await migrate('contact-service', databases.bench.ownerUrl, migrations);
await asOwner(addContact);
const running = await startApp(AppModule.forConfig(config()));
await running.usable();
switchGuard();
switchBinding(running.app.get(DataSource));

process.send!({
  url: `${running.url}/v1/contacts/${contactId}`,
  token: await identity.token(recruiter),
  newTokens: await newTokens(Number(process.argv[2])),
});
process.on('message', () => void stop());

/** Tokens nobody has shown yet. */
async function newTokens(count: number): Promise<string[]> {
  const made: string[] = [];
  for (let n = 0; n < count; n += 1) made.push(await identity.token({ ...recruiter, subject: `rita-${n}` }));
  return made;
}

async function stop(): Promise<void> {
  await running.stop();
  await identity.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}

function config(): ContactConfig {
  return loadConfig(ContactConfig, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    DATABASE_URL: databases.bench.appUrl,
    KAFKA_BROKERS: '127.0.0.1:1',
    OIDC_ISSUER: identity.issuer,
    OIDC_AUDIENCE: identity.audience,
    OIDC_JWKS_URL: identity.jwksUrl,
    LOG_LEVEL: 'fatal',
    SEAL_KEYRING_FILE: keyring,
    SUPPRESSION_KEY_FILE: keyring,
    STATUS_PAGE_URL: 'http://127.0.0.1:1/status/',
    REMOVAL_LINK_URL: 'http://127.0.0.1:1/r/',
    OPT_IN_LINK_URL: 'http://127.0.0.1:1/o/',
  });
}

async function asOwner(work: (owner: DataSource) => Promise<void>): Promise<void> {
  const extra = { options: '-c app.tenant_id=all' };
  const { ownerUrl: url } = databases.bench;
  const owner = await new DataSource({ type: 'postgres', url, installExtensions: false, extra }).initialize();
  await work(owner);
  await owner.destroy();
}

/** `open_contact` is the same table without row-level security. */
async function addContact(owner: DataSource): Promise<void> {
  await owner.query(
    `INSERT INTO tenant (id, name, languages, privacy_contact, revision) VALUES ($1, 'Bench', '{en}', 'privacy@bench.example', 1)`,
    [tenantId],
  );
  await owner.query('INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2)', [contactId, tenantId]);
  await owner.query(`INSERT INTO contact (id, tenant_id, source, given_name) VALUES ($1, $2, 'manual', 'Rita')`, [
    contactId,
    tenantId,
  ]);
  await owner.query('CREATE TABLE open_contact (LIKE contact INCLUDING ALL)');
  await owner.query(`INSERT INTO open_contact (id, tenant_id, source, given_name) VALUES ($1, $2, 'manual', 'Rita')`, [
    contactId,
    tenantId,
  ]);
}

/** A request that says so is everybody's: no token is looked at. */
function switchGuard(): void {
  const { canActivate } = AccessGuard.prototype;
  AccessGuard.prototype.canActivate = function (this: AccessGuard, context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<Request>();
    unchecked = request.headers['x-unchecked'] === 'yes';
    if (!unchecked) return canActivate.call(this, context);
    rememberCaller(request, recruiter);
    return true;
  };
}

/** Then its statement is bound to nothing and meets no row-level security. Requests come one after another. */
function switchBinding(db: DataSource): void {
  const pool = (db.driver as PostgresDriver).master as Pool;
  const query = pool.query.bind(pool) as (asked: Asked) => Promise<unknown>;
  let plain: string | undefined;
  pool.query = ((asked: Asked) => {
    plain ??= withoutBinding(asked.text);
    return query(unchecked ? { ...asked, name: 'plain', text: plain } : asked);
  }) as never;
}

interface Asked {
  readonly text: string;
  readonly name: string;
}

function withoutBinding(text: string): string {
  const inner = /LATERAL \(([^]*) OFFSET 0\) AS found$/.exec(text)?.[1];
  if (inner === undefined) throw new Error('the read is not what it was when this was written');
  return inner.replace('bound.tenant_id', '$1::uuid').replace('FROM contact ', 'FROM open_contact AS contact ');
}
