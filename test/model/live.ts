import { Pumps } from '#service';
import { startContactService } from '../../apps/contact-service/test/start.js';
import { startWorkflowService } from '../../apps/workflow-service/test/workflow-test-service.js';
import type { History } from './history.js';
import { comeToTheEnd } from './in-the-end.js';
import { play } from './play.js';
import type { Services } from './known.js';
import { World } from './world.js';

/** Which random histories: MODEL_SEED chooses others. */
export const SEED = Number(process.env.MODEL_SEED ?? 20_301);

/** Both services in this process, each on a database of its own; nothing happens by itself. */
export async function startServices(): Promise<Services> {
  const [contact, workflow] = await Promise.all([startContactService(), startWorkflowService()]);
  await contact.app.get(Pumps).stop();
  return { contact, workflow };
}

export const stopServices = ({ contact, workflow }: Services) => Promise.all([contact.stop(), workflow.stop()]);

/** Plays one history to its end. Throws {@link Wrong} when something is not as the model says. */
export async function live(services: Services, history: History): Promise<World> {
  const world = await World.begin(services);
  try {
    await play(world, history);
    await comeToTheEnd(world);
    return world;
  } finally {
    await leave(world);
  }
}

/** Nothing of this world moves any more, so that the next one hears only of itself. */
async function leave({ services, clients, bus }: World): Promise<void> {
  const tenants = clients.map(({ tenant }) => tenant.tenantId);
  for (const table of ['timer', 'enrolment']) {
    await services.workflow.db.query(`DELETE FROM ${table} WHERE tenant_id = ANY($1::uuid[])`, [tenants]);
  }
  await bus.collect();
}
