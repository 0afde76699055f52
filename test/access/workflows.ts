import { ContactAdded } from '#contracts';
import { aContactAdded } from '../support/make.js';
import { ask, type FourServices, type tokensOf } from './four-services.js';

export interface Workflow {
  readonly id: string;
  readonly revision: number;
}

interface Listed extends Workflow {
  readonly state: string;
}

/** Workflows of a client company to do something with; each time a new one, and no other is in its way. */
export interface Workflows {
  draft(): Promise<Workflow>;
  /** Its activation was asked for, by somebody else than whoever asks in the tests. */
  pending(): Promise<Workflow>;
}

const PATH = '/v1/workflows';

export async function workflowsOf(
  services: FourServices,
  token: ReturnType<typeof tokensOf>,
  tenantId: string,
): Promise<Workflows> {
  const service = services.all['workflow-service'];
  await service.deliver(ContactAdded, aContactAdded({ tenantId }));
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const bearer = await token('workflow-service', 'client-admin', tenantId, `setter-${tenantId}`);
    const { status, text } = await ask(service, { method, path, token: bearer, body });
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status}`);
    return JSON.parse(text) as T;
  };
  const all = async (after = ''): Promise<Listed[]> => {
    const path = `${PATH}?limit=200${after}`;
    const { workflows, next } = await call<{ workflows: Listed[]; next?: string }>('GET', path);
    return next === undefined ? workflows : [...workflows, ...(await all(`&after=${next}`))];
  };
  const draft = async (): Promise<Workflow> => {
    for (const { id, revision, state } of await all()) {
      if (state === 'active') await call('POST', `${PATH}/${id}/archive`, { revision });
    }
    return call('POST', PATH, { template: 'added-opt-in-30-days' });
  };
  const pending = async (): Promise<Workflow> => {
    const { id, revision } = await draft();
    const body = { revision, enrolExisting: true };
    return (await call<{ workflow: Workflow }>('POST', `${PATH}/${id}/activate`, body)).workflow;
  };
  return { draft, pending };
}
