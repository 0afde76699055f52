/** A reminder that comes back for now, however often, keeps nobody for ever and lets nobody go too early. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aContact } from '../../apps/contact-service/test/start.js';
import { changeWorkflow } from './change-workflow.js';
import { HOUR } from './history.js';
import { comeToTheEnd } from './in-the-end.js';
import type { Services } from './known.js';
import { startServices, stopServices } from './live.js';
import { deliverAll, fire } from './play.js';
import { acceptAll, tell } from './tell.js';
import { World } from './world.js';

const ATTEMPTS = 3;

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => stopServices(services));

/** So much time goes by; the mail that is then written is accepted. Returns its id. */
async function nextMail(world: World, hours: number): Promise<string> {
  await world.pass(hours * HOUR);
  await fire(world);
  await deliverAll(world);
  acceptAll(world);
  await deliverAll(world);
  return [...world.mails.keys()].at(-1)!;
}

async function comesBack(world: World, emailId: string): Promise<void> {
  tell(world, emailId, 'soft');
  await deliverAll(world);
}

test('When only the third mail arrived and all its reminders come back softly, then the contact is removed in its time', async () => {
  const world = await World.begin(services);
  const client = world.clients[0]!;
  await changeWorkflow(world, client, { op: 'start', workflow: 'with a reminder', existing: false });
  const id = await aContact(services.contact, client.tenant);
  world.meet(id, client);
  await deliverAll(world);
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) await comesBack(world, await nextMail(world, 25));
  const third = await nextMail(world, 25);
  const reminders: string[] = [];
  for (const hours of [5 * 24 + 1, 25, 25]) {
    const reminder = await nextMail(world, hours);
    await comesBack(world, reminder);
    reminders.push(reminder);
  }
  const { mails } = world.people[0]!.person;
  expect(reminders.map((emailId) => mails.get(emailId))).toMatchObject(
    reminders.map(() => ({ template: 'opt-in-reminder', cameBack: 'soft' })),
  );
  expect(mails.get(third)).toMatchObject({ template: 'opt-in' });
  // What the last reminder has promised, too.
  const enrolment = await services.workflow.enrolment(id);
  expect(enrolment).toMatchObject({ state: 'waiting', asked: false });
  expect(Math.round(enrolment!.due_in! / 3_600)).toBe(3 * 24);
  // Anybody whom the rule lets go and who stays, or the other way round, is an error there.
  await comeToTheEnd(world);
  expect(world.verdicts).toMatchObject({ removed: 1 });
});
