import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Actor,
  Api,
  enableExpunge,
  type LocalSystem,
  type ServiceName,
  startSystem,
  type SupervisedService,
  type SystemOptions,
  waitUntil,
} from '#local';

/** The four services as processes on real PostgreSQL, Kafka and SMTP, and the words to tell stories about them. */
export interface TestSystem extends Omit<LocalSystem, 'services'> {
  readonly services: Readonly<Record<ServiceName, SupervisedService>>;
  readonly api: Api;
  readonly dataDir: string;
  remove(): Promise<void>;
}

export async function startTestSystem(options: Partial<SystemOptions> = {}): Promise<TestSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), 'contact-expunge-e2e-'));
  const started = startSystem({ dataDir, ports: 'free', fsync: false, fast: true, ...options });
  const system = await started.catch(async (error: unknown) => {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  const remove = async (): Promise<void> => {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  const services = system.services as TestSystem['services'];
  return Object.assign(system, { services, api: new Api(system.identity), dataDir, remove });
}

const VENDOR: Actor = { subject: 'vendor-staff-1', roles: ['vendor-staff'] };

/** A client company with its people. */
export interface Company {
  readonly tenantId: string;
  readonly recruiter: Actor;
  readonly officer: Actor;
  readonly admin: Actor;
  candidate(): Actor;
}

export async function aCompany(system: TestSystem, expungePolicy: 'off' | 'permanent' = 'permanent'): Promise<Company> {
  const tenantId = randomUUID();
  const url = `${system.urls['contact-service']}/v1/tenants/${tenantId}`;
  const facts = {
    name: 'Nordlicht Werke',
    mailDomain: 'mail.contact-expunge.example',
    languages: ['en'],
    privacyContact: 'privacy@company.example',
  };
  const someone = (role: string): Actor => ({ subject: `${role}-${randomUUID()}`, roles: [role], tenantId });
  const admin = someone('client-admin');
  await system.api.call(VENDOR, 'PUT', url, facts);
  if (expungePolicy === 'permanent') await enableExpunge(system.api, url, { asks: VENDOR, approves: admin });
  return {
    tenantId,
    recruiter: someone('recruiter'),
    officer: someone('privacy-officer'),
    admin,
    candidate: () => someone('candidate'),
  };
}

export interface SignedUp {
  readonly id: string;
  readonly candidate: Actor;
  readonly email: string;
}

export async function signUp(
  system: TestSystem,
  company: Company,
  given: Record<string, string> = {},
): Promise<SignedUp> {
  const candidate = company.candidate();
  const email = `${randomUUID()}@example.com`;
  const url = `${system.urls['contact-service']}/v1/account`;
  const { body } = await system.api.call<{ id: string }>(candidate, 'POST', url, {
    email,
    givenName: 'Lena',
    language: 'en',
    ...given,
  });
  return { id: body.id, candidate, email: given.email ?? email };
}

export interface Deleted {
  readonly outcome: string;
  readonly expungeId: string;
  readonly statusUrl: string;
}

export async function deleteAccount(system: TestSystem, { candidate }: SignedUp): Promise<Deleted> {
  const { body } = await system.api.call<Deleted>(candidate, 'DELETE', `${system.urls['contact-service']}/v1/account`);
  return body;
}

export interface RequestView {
  readonly state: string;
  readonly participants: {
    name: string;
    outcome?: string;
    stores?: { store: string; erased: number; remaining: number }[];
  }[];
  readonly certificateId?: string;
}

export async function theRequest(system: TestSystem, { officer }: Company, expungeId: string): Promise<RequestView> {
  const url = `${system.urls['privacy-service']}/v1/expunge-requests/${expungeId}`;
  return (await system.api.call<RequestView>(officer, 'GET', url)).body;
}

/** Waits until a request has come to this state; an officer may not see it yet, or privacy-service be away. */
export async function untilState(
  system: TestSystem,
  company: Company,
  expungeId: string,
  state: string,
  timeoutMs = 30_000,
): Promise<RequestView> {
  return waitUntil(
    async () => {
      const request = await theRequest(system, company, expungeId).catch(() => undefined);
      return request?.state === state ? request : undefined;
    },
    { what: `request ${expungeId} is ${state}`, timeoutMs, see: system.logDir },
  );
}
