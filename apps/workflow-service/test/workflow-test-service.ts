import { randomUUID } from 'node:crypto';
import { type ContactAdded, ContactAdded as Added, type Data } from '#contracts';
import { waitUntil } from '#local';
import { Pumps, Readiness } from '#service';
import { aContactAdded } from '../../../test/support/make.js';
import { startTestService, type TestService, type Waiting } from '../../../test/support/test-service.js';
import { AppModule } from '../src/app.module.js';
import { WorkflowConfig } from '../src/config.js';
import { migrations } from '../src/migrations/index.js';
import { FireTimers } from '../src/timers/fire-timers.js';
import type { WorkflowView } from '../src/workflows/workflow-view.js';

export const DAY = 24 * 60 * 60;

/** Asked, reminded after 21 days, removed after 30. */
export const STEPS = [
  { action: 'send-opt-in' },
  { action: 'wait', seconds: 21 * DAY },
  { action: 'send-reminder' },
  { action: 'wait', seconds: 9 * DAY },
  { action: 'expunge' },
];
/** Asked, removed after 30 days. */
export const SHORT_STEPS = [{ action: 'send-opt-in' }, { action: 'wait', seconds: 30 * DAY }, { action: 'expunge' }];

export interface Answered<Body = Record<string, unknown>> {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: Body;
}

export interface Asks {
  readonly tenantId: string;
  readonly role?: string;
  readonly subject?: string;
}

export interface Row {
  readonly id: string;
  readonly state: string;
  readonly step: number;
  readonly attempt: number;
  readonly asked: boolean;
  readonly reason: string | null;
  readonly late_timers: number;
  readonly version: number;
  /** Seconds until its timer is due; null: there is none. */
  readonly due_in: number | null;
}

/** The service with its pumps standing still, so that a test says when timers fire; and words to tell stories about it. */
export interface WorkflowTestService extends TestService {
  call<Body = WorkflowView>(asks: Asks, method: string, path: string, body?: unknown): Promise<Answered<Body>>;
  /** An active workflow of this tenant, or of a new one. */
  anActive(steps?: object[], about?: { tenantId?: string; trigger?: string; filter?: object }): Promise<Active>;
  anEnrolled(active: Active, given?: Partial<Data<ContactAdded>>): Promise<Enrolled>;
  /** Fires what is due, until nothing is. */
  fire(): Promise<void>;
  /** Makes the contact's timer due, so many seconds ago. */
  pass(contactId: string, secondsAgo?: number): Promise<void>;
  enrolment(contactId: string): Promise<Row | undefined>;
  /** What was said about a contact, oldest first. */
  said(contactId: string): Promise<Waiting[]>;
}

export interface Active {
  readonly tenantId: string;
  readonly workflowId: string;
  readonly revision: number;
  readonly trigger: string;
}

export interface Enrolled {
  readonly tenantId: string;
  readonly contactId: string;
}

export async function startWorkflowService(env: Record<string, string> = {}): Promise<WorkflowTestService> {
  const service = await startTestService({
    service: 'workflow-service',
    config: WorkflowConfig,
    module: (config) => AppModule.forConfig(config),
    migrations,
    env,
  });
  await stopPumps(service);
  const call: WorkflowTestService['call'] = (asks, method, path, body) => ask(service, asks, method, path, body);
  return Object.assign(service, {
    call,
    anActive: (steps = STEPS, about = {}) => anActive(call, steps, about),
    anEnrolled: async ({ tenantId, trigger }: Active, given = {}) => {
      const added = aContactAdded({ tenantId, source: trigger as Data<ContactAdded>['source'], ...given });
      await service.deliver(Added, added);
      return { tenantId, contactId: added.contactId };
    },
    fire: () => fire(service),
    pass: (contactId: string, secondsAgo = 0) =>
      service.db.query(`UPDATE timer SET due_at = now() - $2 * interval '1 second' WHERE contact_id = $1`, [
        contactId,
        secondsAgo,
      ]),
    enrolment: async (contactId: string) => (await service.db.query(ENROLMENT, [contactId]))[0],
    said: async (contactId: string) => (await service.outbox()).filter(({ key }) => key === contactId),
  } satisfies Omit<WorkflowTestService, keyof TestService>);
}

/** Nothing fires by itself, so that what a test sees is its own doing. */
async function stopPumps({ app }: TestService): Promise<void> {
  const started = () => Promise.resolve(!app.get(Readiness).problems().includes('starting') || undefined);
  await waitUntil(started, { what: 'the service has begun its work', timeoutMs: 30_000 });
  await app.get(Pumps).stop();
}

const ENROLMENT = `
  SELECT e.id, e.state, e.step, e.attempt, e.asked_at IS NOT NULL AS asked, e.reason, e.late_timers, e.version,
    round(extract(epoch FROM t.due_at - now()))::int AS due_in
  FROM enrolment e LEFT JOIN timer t ON t.contact_id = e.contact_id AND t.enrolment_id = e.id WHERE e.contact_id = $1`;

async function ask<Body>(
  service: TestService,
  { tenantId, role = 'client-admin', subject = 'carl' }: Asks,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answered<Body>> {
  const token = await service.token({ subject, roles: [role], ...(role === 'vendor-staff' ? {} : { tenantId }) });
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, text, body: (type.includes('json') ? JSON.parse(text) : {}) as Body };
}

async function anActive(
  call: WorkflowTestService['call'],
  steps: object[],
  { tenantId = randomUUID(), trigger = 'manual', filter }: { tenantId?: string; trigger?: string; filter?: object },
): Promise<Active> {
  const wanted = { name: 'Ask to opt in', trigger, steps, ...(filter ? { filter } : {}) };
  const { body: draft } = await call({ tenantId }, 'POST', '/v1/workflows', wanted);
  const activated = await call<{ workflow: WorkflowView }>({ tenantId }, 'POST', `/v1/workflows/${draft.id}/activate`, {
    revision: 1,
  });
  if (activated.status !== 200) throw new Error(`the activation was answered ${activated.status}: ${activated.text}`);
  return { tenantId, trigger, workflowId: draft.id, revision: activated.body.workflow.revision };
}

/** A client whose timers no code of ours can fire: its version waits for longer than times go. */
export async function anUnfireable(service: WorkflowTestService): Promise<Active> {
  const broken = await service.anActive(SHORT_STEPS);
  const forEver = JSON.stringify([{ action: 'wait', seconds: 1e300 }]);
  await service.db.query('UPDATE workflow_version SET steps = $2 WHERE workflow_id = $1', [broken.workflowId, forEver]);
  return broken;
}

async function fire(service: TestService): Promise<void> {
  const timers = service.app.get(FireTimers);
  while ((await timers.execute()) === 'more');
}
