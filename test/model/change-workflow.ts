/** What a client admin does to the one workflow a client has for contacts that recruiters add. */
import { EnrolExisting } from '../../apps/workflow-service/src/activation/enrol-existing.js';
import type { WorkflowView } from '../../apps/workflow-service/src/workflows/workflow-view.js';
import { type WorkflowName, WORKFLOWS } from './history.js';
import { type Client, Wrong } from './known.js';
import type { World } from './world.js';

type Change =
  | { readonly op: 'start'; readonly workflow: WorkflowName; readonly existing: boolean }
  | { readonly op: 'edit'; readonly workflow: WorkflowName }
  | { readonly op: 'archive' };

export async function changeWorkflow(world: World, client: Client, change: Change): Promise<void> {
  if (change.op !== 'start' && !client.workflow) return;
  if (change.op === 'start') await start(world, client, change);
  else if (change.op === 'edit') await edit(world, client, change.workflow);
  else await archive(world, client);
}

/** In the place of the one before, whose enrolments go on. */
async function start(world: World, client: Client, { workflow, existing }: Change & { op: 'start' }): Promise<void> {
  if (client.workflow) await archive(world, client);
  const wanted = { name: workflow, trigger: 'manual', steps: WORKFLOWS[workflow] };
  const { id, revision } = await call<WorkflowView>(world, client, 'POST', '', wanted);
  await activate(world, client, { id, revision, enrolExisting: existing });
  const enrol = world.services.workflow.app.get(EnrolExisting);
  while ((await enrol.execute()) === 'more');
}

/** Those who are enrolled already go on by what they were told. */
async function edit(world: World, client: Client, workflow: WorkflowName): Promise<void> {
  const { id, revision } = client.workflow!;
  const wanted = { revision, name: workflow, steps: WORKFLOWS[workflow] };
  const changed = await call<WorkflowView>(world, client, 'PUT', `/${id}`, wanted);
  await activate(world, client, { id, revision: changed.revision });
}

async function archive(world: World, client: Client): Promise<void> {
  const { id, revision } = client.workflow!;
  await call(world, client, 'POST', `/${id}/archive`, { revision });
  client.workflow = undefined;
}

async function activate(
  world: World,
  client: Client,
  { id, ...activation }: { readonly id: string; readonly revision: number; readonly enrolExisting?: boolean },
): Promise<void> {
  const { workflow } = await call<{ workflow: WorkflowView }>(world, client, 'POST', `/${id}/activate`, activation);
  client.workflow = { id, revision: workflow.revision };
}

async function call<Body>(world: World, { tenant }: Client, method: string, path: string, body: object): Promise<Body> {
  const { tenantId } = tenant;
  const answered = await world.services.workflow.call<Body>({ tenantId }, method, `/v1/workflows${path}`, body);
  if (answered.status >= 300) throw new Wrong(`${method} ${path} was answered ${answered.status}: ${answered.text}`);
  return answered.body;
}
