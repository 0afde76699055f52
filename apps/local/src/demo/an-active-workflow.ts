import type { Actor, Api } from '../api.js';

/** As `POST /v1/workflows` takes it: from a template, or with name, trigger and steps. */
export type WorkflowDefinition =
  | { template: string }
  | {
      name: string;
      trigger: 'manual' | 'import';
      filter?: { countries: string[] };
      steps: { action: string; seconds?: number }[];
    };

/** A mail that asks to opt in, a day after the contact was added: time to look at what is there meanwhile. */
export const ASKED_NEXT_DAY: WorkflowDefinition = {
  name: 'Ask added contacts to opt in',
  trigger: 'manual',
  steps: [{ action: 'wait', seconds: 24 * 60 * 60 }, { action: 'send-opt-in' }],
};

/** Sets up a workflow and activates it, for contacts that come in from now on. Returns its id. */
export async function anActiveWorkflow(
  api: Api,
  admin: Actor,
  serviceUrl: string,
  definition: WorkflowDefinition,
): Promise<string> {
  const workflows = `${serviceUrl}/v1/workflows`;
  const { body: draft } = await api.call<{ id: string; revision: number }>(admin, 'POST', workflows, definition);
  await api.call(admin, 'POST', `${workflows}/${draft.id}/activate`, { revision: draft.revision });
  return draft.id;
}
