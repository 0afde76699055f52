/** Commands to remove somebody that come at a moment or with words no sound workflow-service would choose. */
import { type Data, ExpungeContact } from '#contracts';
import { answer, hold, mailOf, setKillSwitch, setPolicy, stop } from './acts.js';
import type { Letter } from './bus.js';
import type { Rival, WhichMail } from './history.js';
import { letterOf } from './tell.js';
import { type Known, Wrong } from './known.js';
import type { World } from './world.js';

const DAY_SECONDS = 86_400;

/** Grace periods are said to be over, so many days longer than their mails promised. workflow-service does not hear the answers. */
export async function rogue(world: World, who: readonly Known[], which: WhichMail, longer: number): Promise<void> {
  const commands = who.flatMap((known) => commandFor(world, known, which, longer) ?? []);
  if (commands.length > 0) await world.deliver('contact-service', commands, isNoAnswer);
}

/** The first contact from this number on that may be removed now, so that most races are about something. */
export function removableFrom(world: World, from: number): Known {
  const { people } = world;
  const inOrder = people.map((_, n) => people.at(-1 - ((from + n) % people.length))!);
  const may = (known: Known): boolean => {
    const command = commandFor(world, known, 'newest');
    return command !== undefined && world.mayGo(known, command.data as unknown as Data<ExpungeContact>);
  };
  return inOrder.find(may) ?? inOrder[0]!;
}

const isNoAnswer = ({ type }: Letter): boolean => type !== 'ExpungeDeclined';

function commandFor({ bus }: World, known: Known, which: WhichMail, longer = 0): Letter | undefined {
  const [emailId, mail] = mailOf(known, which) ?? [];
  if (!mail) return undefined;
  const { enrolmentId, grace } = mail;
  const graceSeconds = Math.max(1, grace / 1_000 + longer * DAY_SECONDS);
  const about = { tenantId: known.client.tenant.tenantId, contactId: known.id };
  return bus.write(ExpungeContact, { ...about, enrolmentId, emailId, graceSeconds });
}

/**
 * A removal, and what speaks against it, at the same time. Whoever is `first` stands first at a lock the test holds: the
 * rival's own one, which the removal needs too; or the one that a removal takes after it has judged. So it shows when a
 * judgement was made before the locks were taken, or without them.
 */
export async function race(world: World, known: Known, rival: Rival, first: 'rival' | 'removal'): Promise<void> {
  const command = commandFor(world, known, 'newest');
  if (!command) return;
  const holder = world.services.contact.db.createQueryRunner();
  await holder.startTransaction();
  const both = first === 'rival' ? rivalFirst : removalFirst;
  try {
    const lock = first === 'removal' ? AFTER_JUDGING : OF_TENANT.has(rival) ? TENANT : SUBJECT;
    await holder.query(lock, [lock === SUBJECT ? known.id : known.client.tenant.tenantId]);
    await both(world, { known, rival, command, release: () => holder.commitTransaction() });
  } finally {
    if (holder.isTransactionActive) await holder.rollbackTransaction();
    await holder.release();
  }
}

const SUBJECT = 'SELECT FROM subject WHERE contact_id = $1 FOR UPDATE';
const TENANT = 'SELECT FROM tenant WHERE id = $1 FOR UPDATE';
const AFTER_JUDGING = `
  INSERT INTO silent_expunge_day AS known (tenant_id, day, expunged) VALUES ($1, (now() AT TIME ZONE 'UTC')::date, 0)
  ON CONFLICT (tenant_id, day) DO UPDATE SET expunged = known.expunged`;
const OF_TENANT: ReadonlySet<Rival> = new Set(['policy-off', 'kill-switch']);

interface Race {
  readonly known: Known;
  readonly rival: Rival;
  readonly command: Letter;
  readonly release: () => Promise<unknown>;
}

/** The rival commits while the removal waits, so it counts; unless the removal did not wait and was over before. */
async function rivalFirst(world: World, { known, rival, command, release }: Race): Promise<void> {
  const opposing = begin(RIVALS[rival](world, known));
  await atTheLock(world, 1, [opposing]);
  const removal = begin(remove(world, command));
  await atTheLock(world, 2, [opposing, removal]);
  const early = removal.isOver ? world.hear(command) : undefined;
  await release();
  await opposing.end;
  await removal.end;
  await world.collect(early ?? world.hear(command), isNoAnswer);
}

/** The removal has judged when the rival comes, so the rival waits for it; if it did not wait, it counts. */
async function removalFirst(world: World, { known, rival, command, release }: Race): Promise<void> {
  const removal = begin(remove(world, command));
  await atTheLock(world, 1, [removal]);
  const opposing = begin(RIVALS[rival](world, known));
  await atTheLock(world, 2, [removal, opposing]);
  const mayGo = world.hear(command);
  await release();
  await removal.end;
  await opposing.end;
  await world.collect(mayGo, isNoAnswer);
}

const RIVALS: Readonly<Record<Rival, (world: World, known: Known) => Promise<void>>> = {
  'opt-in': (world, known) => answer(world, known, { answer: 'opt-in', mail: 'newest' }),
  hold: (world, known) => hold(world, known, null),
  stop,
  'policy-off': (_, { client }) => setPolicy(client, false),
  'kill-switch': (_, { client }) => setKillSwitch(client, true),
  'hard-bounce': bounce,
};

/** workflow-service hears of it in its own time. */
async function bounce(world: World, known: Known): Promise<void> {
  const { told, data } = world.mails.get(mailOf(known, 'newest')![0])!;
  if (told.has('hard') || told.has('refused')) return;
  told.add('hard');
  const letter = letterOf(world, data, 'hard');
  await world.bus.deliver('contact-service', [letter]);
  world.hear(letter);
  world.bus.post(letter, ['workflow-service']);
}

async function remove({ bus }: World, command: Letter): Promise<void> {
  if ((await bus.deliver('contact-service', [command])) > 0) throw new Wrong('a removal could not be handled');
}

interface Begun {
  isOver: boolean;
  readonly end: Promise<void>;
}

function begin(work: Promise<void>): Begun {
  const begun: Begun = { isOver: false, end: work.finally(() => (begun.isOver = true)) };
  // Whoever waits for the end hears of a failure; until then it is nobody's.
  begun.end.catch(() => undefined);
  return begun;
}

const PATIENCE_MS = 10_000;

/** Until so many stand at a lock; those that are over do not come there. */
async function atTheLock({ services }: World, count: number, begun: readonly Begun[]): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  const sql = `SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  for (;;) {
    const [row]: { waiting: number }[] = await services.contact.db.query(sql);
    if (row!.waiting >= count - begun.filter(({ isOver }) => isOver).length) return;
    if (performance.now() > deadline) throw new Wrong(`not ${count} stand at the lock within ${PATIENCE_MS} ms`);
  }
}
