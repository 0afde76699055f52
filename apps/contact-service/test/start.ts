import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import type { Role } from '#contracts';
import { KeyringFile } from '#service';
import { startTestService, type TestService, type Waiting } from '../../../test/support/test-service.js';
import { AppModule } from '../src/app.module.js';
import { ContactConfig } from '../src/config.js';
import { migrations } from '../src/migrations/index.js';
import { type Held, whileHeld } from './while-held.js';

export const STATUS_PAGE_URL = 'https://privacy.example.org/status/';
export const REMOVAL_LINK_URL = 'https://contact.example.org/r/';
export const OPT_IN_LINK_URL = 'https://contact.example.org/o/';

/** The contact-service on a database of its own, and ways to talk to it. */
export interface ContactService extends TestService {
  readonly keyring: KeyringFile;
  /** Calls as somebody; a `string` body is sent as it is. */
  call(caller: Caller | undefined, method: string, path: string, body?: unknown): Promise<Answer>;
  /** What was said about one tenant or contact, oldest first. */
  said(key: string): Promise<Waiting[]>;
  /** Runs `work` while a connection of our own holds what `sql` locks, until `count` others wait; then lets go. */
  whileHeld<T>(held: Held, work: () => Promise<T>, beforeRelease?: (tx: QueryRunner) => Promise<unknown>): Promise<T>;
}

export interface Caller {
  readonly subject: string;
  readonly tenantId?: string;
  readonly roles: Role[];
  /** What the identity provider says is this caller's address. */
  readonly verifiedEmail?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

async function aKeyFile(folder: string, name: string): Promise<string> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ keys: [{ kid: 'test', k: randomBytes(32).toString('base64url') }] }));
  return file;
}

export async function startContactService(env: Record<string, string> = {}): Promise<ContactService> {
  const folder = await mkdtemp(join(tmpdir(), 'contact-service-test-'));
  const [keyringFile, suppressionKeyFile] = [await aKeyFile(folder, 'keyring'), await aKeyFile(folder, 'suppression')];
  const service = await startTestService({
    service: 'contact-service',
    config: ContactConfig,
    module: (config) => AppModule.forConfig(config),
    migrations,
    env: {
      SEAL_KEYRING_FILE: keyringFile,
      SUPPRESSION_KEY_FILE: suppressionKeyFile,
      STATUS_PAGE_URL,
      REMOVAL_LINK_URL,
      OPT_IN_LINK_URL,
      ...env,
    },
  });
  const tokens = new Map<string, Promise<string>>();
  return {
    ...service,
    keyring: await KeyringFile.open(keyringFile),
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true });
    },
    call: async (caller, method, path, body) => {
      const key = JSON.stringify(caller);
      if (caller && !tokens.has(key)) tokens.set(key, service.token(caller));
      const authorization = caller ? { authorization: `Bearer ${await tokens.get(key)}` } : {};
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const headers = { ...authorization, ...(text === undefined ? {} : { 'content-type': 'application/json' }) };
      const init: RequestInit = { method, headers, body: text };
      return toAnswer(await fetch(service.url + path, init));
    },
    said: async (about) => (await service.outbox()).filter(({ key }) => key === about),
    whileHeld: (held, work, beforeRelease) => whileHeld(service, held, work, beforeRelease),
  };
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, text, body };
}

const staff: Caller = { subject: 'staff', roles: ['vendor-staff'] };

export const tenantFacts = {
  name: 'Acme Corporation',
  languages: ['en', 'de'],
  privacyContact: 'privacy@acme.example',
  mailDomain: 'acme.example',
};

/** What was settled before a client's expunge is enabled. */
export const checklist = {
  told: ['works-council', 'data-protection-officer'],
  retentionDutiesChecked: true,
  mailDomainAndDkimKeySet: true,
  workflowsReviewed: true,
  softDeleted: 'keep',
};

export const anEnabling = (more: object = {}) => {
  return { effectiveAt: new Date().toISOString(), reason: 'Agreed with the works council.', checklist, ...more };
};

/** A client company with people of every role. */
export async function aTenant(service: ContactService, expungePolicy: 'off' | 'permanent' = 'permanent') {
  const tenantId = randomUUID();
  const path = `/v1/tenants/${tenantId}`;
  const withRole = (role: Role): Caller => ({ subject: `${role}-${tenantId}`, tenantId, roles: [role] });
  const admin = withRole('client-admin');
  const setPolicy = async (policy: 'off' | 'permanent', more: object = {}): Promise<Answer> => {
    if (policy === 'off') {
      return service.call(staff, 'POST', `${path}/expunge-policy/off`, { reason: 'Not wanted any more.' });
    }
    const requests = `${path}/expunge-policy/requests`;
    const asked = await service.call(staff, 'POST', requests, anEnabling(more));
    return service.call(admin, 'POST', `${requests}/${String(asked.body.id)}/approve`);
  };
  await service.call(staff, 'PUT', path, tenantFacts);
  if (expungePolicy === 'permanent') await setPolicy('permanent');
  return {
    tenantId,
    staff,
    admin,
    recruiter: withRole('recruiter'),
    officer: withRole('privacy-officer'),
    candidate: (): Caller => ({ subject: randomUUID(), tenantId, roles: ['candidate'] }),
    setPolicy,
    setKillSwitch: (on: boolean) =>
      service.call(staff, 'PUT', `${path}/kill-switch`, { on, reason: 'Something looks wrong.' }),
  };
}

export type TestTenant = Awaited<ReturnType<typeof aTenant>>;

let people = 0;

/** Details of a made-up person nobody else in the tests has. */
export function aPerson() {
  people += 1;
  const tag = `${people}x${randomBytes(3).toString('hex')}`;
  return {
    email: `Zoe.${tag}@example.org`,
    givenName: `Zoë${tag}`,
    familyName: `Ångström${tag}`,
    phone: `+46 70 ${randomDigits()}`,
  };
}

const randomDigits = (): string => String(1_000_000 + (randomBytes(4).readUInt32BE() % 9_000_000));

/** A contact added by a recruiter; its id. */
export async function aContact(
  service: ContactService,
  tenant: Pick<TestTenant, 'recruiter'>,
  details: object = aPerson(),
): Promise<string> {
  const { body, status } = await service.call(tenant.recruiter, 'POST', '/v1/contacts', details);
  if (status !== 201) throw new Error(`adding a contact was answered ${status}`);
  return String(body.id);
}

/** A person who signed up on the career site; `verified` if the identity provider knows the address to be theirs. */
export async function anAccount(
  service: ContactService,
  tenant: TestTenant,
  person: { readonly email?: string; readonly [more: string]: unknown } = aPerson(),
  { verified = false } = {},
) {
  const candidate: Caller = { ...tenant.candidate(), ...(verified ? { verifiedEmail: person.email } : {}) };
  const { body, status } = await service.call(candidate, 'POST', '/v1/account', person);
  if (status !== 201) throw new Error(`the sign-up was answered ${status}`);
  return { candidate, contactId: String(body.id) };
}

/** What the eraser leaves behind, on a connection of the test. */
export async function erase(eraser: QueryRunner, contactId: string): Promise<void> {
  await eraser.query('DELETE FROM contact WHERE id = $1', [contactId]);
  await eraser.query(
    `UPDATE subject SET expunge_id = $2, erased_at = now(), outcome = 'erased', stores = '[]' WHERE contact_id = $1`,
    [contactId, randomUUID()],
  );
}
