import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Role, ServiceName } from '#contracts';
import { BEHIND_A_PROXY } from '../../apps/contact-service/test/removal-link.js';
import { startContactService, type ContactService } from '../../apps/contact-service/test/start.js';
import { aFile, startNotification } from '../../apps/notification-service/test/make.js';
import { type PrivacyTestService, startPrivacyService } from '../../apps/privacy-service/test/privacy-test-service.js';
import { AppModule as WorkflowModule } from '../../apps/workflow-service/src/app.module.js';
import { WorkflowConfig } from '../../apps/workflow-service/src/config.js';
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
    config: WorkflowConfig,
    module: (config) => WorkflowModule.forConfig(config),
    migrations: workflowMigrations,
    env: { ACTIVATION_SECOND_PERSON_ABOVE: '0' },
  });
  const notification = await startNotification('smtp://127.0.0.1:1', { MAIL_HOOK_SECRET_FILE: aFile(HOOK_SECRET) });
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

const HOOK_SECRET = `whsec_${randomBytes(24).toString('base64')}`;

/** What a mail provider adds to a call; other routes do not look at it. */
function signature(body = ''): Record<string, string> {
  const [id, at] = [randomUUID(), new Date()];
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(HOOK_SECRET).sign(id, at, body),
  };
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  /** Sent instead of the body, as a browser sends it. */
  readonly form?: URLSearchParams;
  /** Sent as CSV instead of a body. */
  readonly file?: string;
  /** Address of the caller, for services behind a proxy. */
  readonly from?: string;
  readonly accept?: string;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export async function ask({ url }: TestService, asked: Asked): Promise<Answered> {
  const { method, path, form, file } = asked;
  const json = form || file !== undefined ? undefined : JSON.stringify(asked.body);
  const signed = path.startsWith('/hooks/') ? signature(json) : {};
  const type = file === undefined ? json && 'application/json' : 'text/csv';
  const headers = { ...signed, ...headersOf(asked), ...(type === undefined ? {} : { 'content-type': type }) };
  const init = { method, headers, redirect: 'manual' as const, body: json ?? form ?? file };
  const response = await fetch(`${url}${path}`, init);
  const answered = (response.headers.get('content-type') ?? '').split(';')[0]!;
  return { status: response.status, type: answered, text: await textOf(response, answered) };
}

/** Of a stream of events the beginning: it ends when what it tells of does. */
async function textOf(response: Response, type: string): Promise<string> {
  if (type !== 'text/event-stream' || !response.body) return response.text();
  for await (const piece of response.body) return Buffer.from(piece as Uint8Array).toString();
  return '';
}

const headersOf = ({ token, accept, from }: Asked): Record<string, string> => ({
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...(accept === undefined ? {} : { accept }),
  ...(from === undefined ? {} : { 'x-forwarded-for': from }),
});

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
