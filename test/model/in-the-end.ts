/** Liveness: whoever nothing protects is removed in the end, whatever happened on the way, and nobody else has changed. */
import { HOUR } from './history.js';
import { deliverAll, fire } from './play.js';
import { mayBeAsked, mayBeRemovedForSilence, type Person } from './silence-rule.js';
import { acceptAll } from './tell.js';
import { type Known, Wrong } from './known.js';
import type { World } from './world.js';

const FAR = 40 * 24 * HOUR;
/** Later than all that ends by itself; a hold without an end is still there. */
const AT_THE_END = Number.MAX_VALUE;
const MOST_ROUNDS = 30;
/**
 * After so many soft bounces of mails that ask, a person decides; a reminder's change nothing. How many of them workflow-service
 * had heard of in time is its business.
 */
const MOST_ATTEMPTS = 3;

/** Every message arrives, every mail is accepted, and time passes until nothing changes any more. */
export async function comeToTheEnd(world: World): Promise<void> {
  let before = '';
  for (let round = 0; ; round += 1) {
    if (round === MOST_ROUNDS) throw new Wrong('it goes on and on');
    await deliverAll(world);
    acceptAll(world);
    await deliverAll(world);
    const now = await standing(world);
    if (now === before && round > 2) break;
    before = now;
    await world.pass(FAR);
    await fire(world);
  }
  await compare(world);
}

/** Where the enrolments stand; how often a removal was put off does not count. */
async function standing({ services, clients }: World): Promise<string> {
  const rows: unknown = await services.workflow.db.query(
    `SELECT contact_id, workflow_id, state, step, attempt FROM enrolment WHERE tenant_id = ANY($1::uuid[]) ORDER BY 1, 2`,
    [clients.map(({ tenant }) => tenant.tenantId)],
  );
  return JSON.stringify(rows);
}

async function compare(world: World): Promise<void> {
  const left = world.people.filter((known) => isUnprotected(known)).map(({ id }) => id);
  if (left.length > 0) throw new Wrong(`still here although nothing protects them: ${world.describe(left)}`);
  const forgotten = world.people.filter((known) => isForgotten(known, world.undeliverable)).map(({ id }) => id);
  if (forgotten.length > 0) throw new Wrong(`not asked again although a mail came back: ${world.describe(forgotten)}`);
  const rows: { id: string; state: string; consent: string }[] = await world.services.contact.db.query(
    'SELECT id, state, consent FROM contact WHERE tenant_id = ANY($1::uuid[])',
    [world.clients.map(({ tenant }) => tenant.tenantId)],
  );
  const found = new Map(rows.map(({ id, state, consent }) => [id, `${state} ${consent}`]));
  const other = world.people.filter(({ id, person, erased }) => {
    const state = person.here ? 'active' : 'expunging';
    return found.get(id) !== (erased ? undefined : `${state} ${person.consent}`);
  });
  if (other.length === 0) return;
  throw new Wrong(
    `not as they should be: ${other.map(({ id }) => found.get(id)).join()} ${world.describe(other.map(({ id }) => id))}`,
  );
}

function isUnprotected({ person, client }: Known): boolean {
  return [...person.mails].some(([emailId, { enrolmentId, template, grace }]) => {
    if (template !== 'opt-in' || softBouncesOf(person, enrolmentId) >= MOST_ATTEMPTS) return false;
    return mayBeRemovedForSilence(person, client.company, { enrolmentId, emailId, grace }, AT_THE_END);
  });
}

/** A mail that came back for now, or went to an earlier address, is written again, unless nobody may, or a person decides by now. */
function isForgotten({ person }: Known, undeliverable: ReadonlySet<string>): boolean {
  const mails = [...person.mails.values()].filter(({ template }) => template === 'opt-in');
  const promised = mails.findLast(({ grace }) => grace > 0);
  // While expunge is off the next one promises nothing.
  const newest = mails.findLast(({ enrolmentId }) => enrolmentId === promised?.enrolmentId);
  if (newest?.toOldAddress) return mayBeAsked(person);
  if (newest?.cameBack !== 'soft' || undeliverable.has(newest.enrolmentId)) return false;
  return mayBeAsked(person) && softBouncesOf(person, newest.enrolmentId) < MOST_ATTEMPTS;
}

const softBouncesOf = ({ mails }: Person, enrolmentId: string): number =>
  [...mails.values()].filter(
    (mail) =>
      mail.enrolmentId === enrolmentId && mail.template === 'opt-in' && mail.cameBack === 'soft' && !mail.toOldAddress,
  ).length;
