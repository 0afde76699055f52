/** Carries out one history on a world: what people, mail servers, client companies and the bus do, one after the other. */
import { type TopicName, TOPICS } from '#contracts';
import { aContact } from '../../apps/contact-service/test/start.js';
import { Reconcile } from '../../apps/workflow-service/src/reconciliation/reconcile.js';
import { answer, hold, lift, mailOf, newAddress, setKillSwitch, setPolicy, stop } from './acts.js';
import { changeWorkflow } from './change-workflow.js';
import { CONTACTS, type History, HOUR, type Operation, type Reader } from './history.js';
import { race, removableFrom, rogue } from './race.js';
import { acceptAll, tell } from './tell.js';
import type { Known } from './known.js';
import type { World } from './world.js';

type Name = Operation['op'];
type Of<N extends Name> = Extract<Operation, { op: N }>;
type Plays = { readonly [N in Name]: (world: World, operation: Of<N>) => Promise<unknown> };

export async function play(world: World, { workflows, accepted, operations }: History): Promise<void> {
  for (const [n, workflow] of workflows.entries()) {
    await changeWorkflow(world, world.clients[n]!, { op: 'start', workflow, existing: false });
  }
  await add(world, CONTACTS);
  await deliverAll(world);
  await fire(world);
  await deliverAll(world);
  if (accepted) acceptAll(world);
  await deliverAll(world);
  for (const operation of operations) {
    await (PLAYS[operation.op] as (world: World, operation: Operation) => Promise<unknown>)(world, operation);
    await world.collect();
  }
}

const PLAYS: Plays = {
  answer: (world, { who, ...given }) => each(world, who, (known) => answer(world, known, given)),
  mail: async (world, { who, fate, mail, skew }) => {
    for (const known of pick(world, who)) tell(world, mailOf(known, mail)?.[0], fate, skew);
  },
  'accept-all': async (world) => acceptAll(world),
  hold: (world, { who, hours }) => each(world, who, (known) => hold(world, known, hours)),
  lift: (world, { who }) => each(world, who, (known) => lift(world, known)),
  stop: (world, { who }) => each(world, who, (known) => stop(world, known)),
  'new-address': (world, { who }) => each(world, who, (known) => newAddress(world, known)),
  policy: ({ clients }, { tenant, on }) => setPolicy(clients[tenant]!, on),
  'kill-switch': ({ clients }, { tenant, on }) => setKillSwitch(clients[tenant]!, on),
  edit: (world, { tenant, ...change }) => changeWorkflow(world, world.clients[tenant]!, change),
  archive: (world, { tenant, ...change }) => changeWorkflow(world, world.clients[tenant]!, change),
  start: async (world, { tenant, ...change }) => {
    await changeWorkflow(world, world.clients[tenant]!, change);
    await fire(world);
  },
  add: (world, { count }) => add(world, count),
  live: (world, { hours, accept }) => liveOn(world, hours, accept),
  pass: (world, { hours }) => world.pass(hours * HOUR),
  fire,
  reconcile: (world) => world.services.workflow.app.get(Reconcile).execute(),
  erase: async ({ removals }) => removals.carryOut(),
  'deliver-all': deliverAll,
  deliver: (world, { to, topic, share }) => deliver(world, to, topic, share),
  repeat: async (world, { picks, sameId }) => {
    for (const { to, letter } of world.bus.again(picks, sameId)) await world.deliver(to, [letter]);
  },
  rogue: async (world, { who, after, mail, longer }) => {
    await world.pass(after * HOUR);
    await rogue(world, pick(world, who), mail, longer);
  },
  race: async (world, { who, after, rival, first }) => {
    await world.pass(after * HOUR);
    await race(world, removableFrom(world, who), rival, first);
  },
};

const pick = ({ people }: World, who: readonly number[]): Known[] => [
  ...new Set(who.map((n) => people.at(-1 - (n % people.length))!)),
];
const each = (world: World, who: readonly number[], act: (known: Known) => Promise<unknown>) =>
  Promise.all(pick(world, who).map(act));

async function add(world: World, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => world.people.length + n);
  const clients = numbers.map((n) => world.clients[n % 2]!);
  const ids = await Promise.all(clients.map(({ tenant }) => aContact(world.services.contact, tenant)));
  ids.forEach((id, n) => world.meet(id, clients[n]!));
}

export async function fire(world: World): Promise<void> {
  await world.services.workflow.fire();
  await world.collect();
}

async function liveOn(world: World, hours: number, accept: boolean): Promise<void> {
  if (accept) acceptAll(world);
  await deliverAll(world);
  await world.pass(hours * HOUR);
  await fire(world);
  await deliverAll(world);
}

const READERS: readonly Reader[] = ['contact-service', 'workflow-service'];

/** Until nothing waits anywhere. */
export async function deliverAll(world: World): Promise<void> {
  const topics = Object.keys(TOPICS) as TopicName[];
  while (!world.bus.isEmpty) {
    for (const reader of READERS) for (const topic of topics) await deliver(world, reader, topic);
  }
}

async function deliver(world: World, to: Reader, topic: TopicName, share?: number): Promise<void> {
  for (const letters of world.bus.take(to, topic, share)) await world.deliver(to, letters);
}
