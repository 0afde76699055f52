import type { Role, ServiceName } from '#contracts';
import { ServiceConfig } from '#service';
import { BEHIND_A_PROXY } from '../../apps/contact-service/test/removal-link.js';
import { startContactService, type ContactService } from '../../apps/contact-service/test/start.js';
import { startNotification } from '../../apps/notification-service/test/make.js';
import { type PrivacyTestService, startPrivacyService } from '../../apps/privacy-service/test/privacy-test-service.js';
import { AppModule as WorkflowModule } from '../../apps/workflow-service/src/app.module.js';
import { migrations as workflowMigrations } from '../../apps/workflow-service/src/migrations/index.js';
import { startTestService, type TestService } from '../support/test-service.js';

/** The four services in this process, each on a database of its own; what they say to each other waits in outboxes. */
export interface FourServices {
  readonly all: Readonly<Record<ServiceName, TestService>>;
  readonly contact: ContactService;
  readonly privacy: PrivacyTestService;
  stop(): Promise<void>;
}

export async function startFourServices(): Promise<FourServices> {
  const contact = await startContactService(BEHIND_A_PROXY);
  const workflow = await startTestService({
    service: 'workflow-service',
    config: ServiceConfig,
    module: (config) => WorkflowModule.forConfig(config),
    migrations: workflowMigrations,
  });
  const notification = await startNotification('smtp://127.0.0.1:1');
  const privacy = await startPrivacyService();
  const all = {
    'contact-service': contact,
    'workflow-service': workflow,
    'notification-service': notification,
    'privacy-service': privacy,
  };
  const stop = async (): Promise<void> => {
    await Promise.all(Object.values(all).map((service) => service.stop()));
  };
  return { all, contact, privacy, stop };
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  /** Address of the caller, for services behind a proxy. */
  readonly from?: string;
  readonly accept?: string;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export async function ask({ url }: TestService, { method, path, token, body, from, accept }: Asked): Promise<Answered> {
  const headers: Record<string, string> = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(accept === undefined ? {} : { accept }),
    ...(from === undefined ? {} : { 'x-forwarded-for': from }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const init = {
    method,
    headers,
    redirect: 'manual' as const,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await fetch(`${url}${path}`, init);
  const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
  return { status: response.status, type, text: await response.text() };
}

/** Tokens for somebody of a role; vendor staff belong to no tenant. Each is made once. */
export function tokensOf(services: FourServices) {
  const made = new Map<string, Promise<string>>();
  return (service: ServiceName, role: Role, tenantId: string, subject = `${role}-${tenantId}`): Promise<string> => {
    const key = [service, role, tenantId, subject].join(' ');
    const request = { subject, roles: [role], ...(role === 'vendor-staff' ? {} : { tenantId }) };
    if (!made.has(key)) made.set(key, services.all[service].token(request));
    return made.get(key)!;
  };
}
