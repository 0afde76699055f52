import fc from 'fast-check';
import { Pumps } from '#service';
import { startContactService } from '../../apps/contact-service/test/start.js';
import { startWorkflowService } from '../../apps/workflow-service/test/workflow-test-service.js';
import { histories, type History, told } from './history.js';
import { comeToTheEnd } from './in-the-end.js';
import { play } from './play.js';
import { type Services, World } from './world.js';

export const SEED = Number(process.env.MODEL_SEED ?? 20_301);
const LONGEST_SHRINK_MS = 3 * 60_000;

/** Both services in this process, each on a database of its own; nothing happens by itself. */
export async function startServices(): Promise<Services> {
  const [contact, workflow] = await Promise.all([startContactService(), startWorkflowService()]);
  await contact.app.get(Pumps).stop();
  return { contact, workflow };
}

export const stopServices = ({ contact, workflow }: Services) => Promise.all([contact.stop(), workflow.stop()]);

export interface Search {
  readonly runs: number;
  /** Look for the shortest history that goes wrong; otherwise the first one is enough. */
  readonly shrink: boolean;
}

export interface Found {
  /** What went wrong, and the history; undefined: nothing. */
  readonly wrong?: string;
  readonly histories: number;
  readonly contacts: number;
  /** How often each answer was given to the end of a grace period. */
  readonly verdicts: Readonly<Record<string, number>>;
}

/** Plays random histories until one goes wrong. */
export async function findWrong(services: Services, { runs, shrink }: Search): Promise<Found> {
  let contacts = 0;
  const verdicts: Record<string, number> = {};
  let lastShrink = Infinity;
  const property = fc.asyncProperty(histories, async (history) => {
    if (performance.now() > lastShrink) return;
    try {
      const world = await live(services, history);
      contacts += world.people.length;
      for (const [verdict, count] of Object.entries(world.verdicts))
        verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
    } catch (error) {
      lastShrink = Math.min(lastShrink, performance.now() + LONGEST_SHRINK_MS);
      throw error;
    }
  });
  const details = await fc.check(property, { seed: SEED, numRuns: runs, endOnFailure: !shrink });
  const { failed, counterexample, errorInstance, numRuns } = details;
  const wrong = failed ? `${String(errorInstance)}\n(MODEL_SEED=${SEED})\n  ${told(counterexample![0])}` : undefined;
  return { wrong, histories: numRuns, contacts, verdicts };
}

async function live(services: Services, history: History): Promise<World> {
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
