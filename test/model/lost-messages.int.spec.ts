/** What heals when messages between the services are lost, or parked for long: the repeat is really delivered. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aContact } from '../../apps/contact-service/test/start.js';
import { Reconcile } from '../../apps/workflow-service/src/reconciliation/reconcile.js';
import { changeWorkflow } from './change-workflow.js';
import { HOUR, type Reader } from './history.js';
import type { Client, Services } from './known.js';
import { startServices, stopServices } from './live.js';
import { deliverAll, fire } from './play.js';
import { acceptAll, letterOf } from './tell.js';
import { World } from './world.js';

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => stopServices(services));

/** A contact that was asked, and of whose mail nobody has heard yet. */
async function anAsked() {
  const world = await World.begin(services);
  const client: Client = world.clients[0]!;
  await changeWorkflow(world, client, { op: 'start', workflow: 'two days', existing: false });
  const id = await aContact(services.contact, client.tenant);
  world.meet(id, client);
  await deliverAll(world);
  await fire(world);
  await deliverAll(world);
  const { data: mail } = [...world.mails.values()][0]!;
  return { world, id, mail };
}

/** So much time passes that workflow-service asks again; the contact's enrolment after that. */
async function aDayLater({ world, id }: { readonly world: World; readonly id: string }) {
  await world.pass(25 * HOUR);
  while ((await services.workflow.app.get(Reconcile).execute()) === 'more');
  await world.collect();
  await deliverAll(world);
  return services.workflow.enrolment(id);
}

const found = async ({ world }: { readonly world: World }) => {
  const asks = { tenantId: world.clients[0]!.tenant.tenantId, role: 'privacy-officer' };
  return (await services.workflow.call<Record<string, unknown>>(asks, 'GET', '/v1/reconciliation')).body;
};

test('When only contact-service hears that the mail was accepted, then the wait begins a day later, and counts from the acceptance', async () => {
  const asked = await anAsked();
  const { world, id, mail } = asked;
  world.bus.post(letterOf(world, mail, 'accepted'), ['contact-service']);
  await deliverAll(world);
  expect(await services.workflow.enrolment(id)).toMatchObject({ asked: true });
  const enrolment = await aDayLater(asked);
  expect(enrolment).toMatchObject({ state: 'waiting', asked: false });
  expect(Math.round(enrolment!.due_in! / 3_600)).toBe(23);
  expect(await found(asked)).toMatchObject({ outcomesRestored: 1, askedAgain: 0, findings: [{ contactId: id }] });
});

test('When nobody hears of the mail, then it is ordered again, with the same link, and its fate is heard after all', async () => {
  const asked = await anAsked();
  const { world, id, mail } = asked;
  const orders: unknown[] = [];
  const post = world.bus.post.bind(world.bus);
  world.bus.post = (letter, to?: Reader[]) => {
    if (letter.type === 'SendEmail') orders.push(letter.data);
    post(letter, to);
  };
  expect(await aDayLater(asked)).toMatchObject({ asked: true });
  expect(orders).toEqual([mail]);
  acceptAll(world);
  await deliverAll(world);
  expect(await services.workflow.enrolment(id)).toMatchObject({ state: 'waiting', asked: false });
  expect(await found(asked)).toMatchObject({ outcomesRestored: 0, askedAgain: 0 });
});

test('When the mail waits in the send budget for days, then that is no alarm', async () => {
  const asked = await anAsked();
  const { world, mail, id } = asked;
  for (let day = 0; day < 4; day += 1) {
    expect(await aDayLater(asked)).toMatchObject({ asked: true });
    // What notification-service answers to the order.
    world.bus.post(letterOf(world, mail, 'delayed'));
    await deliverAll(world);
  }
  acceptAll(world);
  await deliverAll(world);
  expect(await services.workflow.enrolment(id)).toMatchObject({ asked: false });
  expect(await found(asked)).toMatchObject({ outcomesRestored: 0, askedAgain: 0, findings: [] });
});
