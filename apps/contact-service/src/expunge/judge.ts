import { type EntityManager, In } from 'typeorm';
import { lockKnownSubjects } from '#erasure';
import { Contact } from '../contacts/contact.js';
import { endsOfActiveHolds } from '../holds/hold.js';
import { loadPolicy, type PolicyNow } from '../tenants/load-policy.js';
import { decideExpunge, type ExpungeDecision, type Obstacles } from './expunge.decision.js';
import { WaitingExpunge } from './waiting-expunge.js';

/** What was decided about a contact, under its lock, and what the decision rests on. */
export interface Judged extends Pick<PolicyNow, 'tenant' | 'policy' | 'now'> {
  readonly contact: Contact;
  readonly decision: ExpungeDecision;
  readonly obstacles: Obstacles;
  /** Only when a removal waits already. */
  readonly waiting?: WaitingExpunge;
}

/**
 * Locks the tenant (shared: changes of policy and kill switch wait) and the contact, and only then, in further statements,
 * reads policy, holds and state and decides. What a policy change, a hold or another click has committed while this one
 * waited is obeyed. `lock` answers in the words of who asks when there is no contact (any more).
 */
export async function judge(tx: EntityManager, tenantId: string, lock: () => Promise<Contact>): Promise<Judged> {
  await lockTenant(tx, tenantId);
  const contact = await lock();
  const [judged] = await decide(tx, tenantId, [contact]);
  if (!judged) throw new TypeError('a contact without a decision');
  return judged;
}

/** The same for many contacts of one tenant, for timers: those that are not here any more are left out. */
export async function judgeMany(tx: EntityManager, tenantId: string, contactIds: readonly string[]): Promise<Judged[]> {
  await lockTenant(tx, tenantId);
  const known = await lockKnownSubjects(tx, contactIds);
  const contacts = await tx.find(Contact, { where: { tenantId, id: In([...known.keys()]) }, order: { id: 'ASC' } });
  return contacts.length === 0 ? [] : decide(tx, tenantId, contacts);
}

async function lockTenant(tx: EntityManager, tenantId: string): Promise<void> {
  await tx.query('SELECT 1 FROM tenant WHERE id = $1 FOR SHARE', [tenantId]);
}

async function decide(tx: EntityManager, tenantId: string, contacts: readonly Contact[]): Promise<Judged[]> {
  const ids = contacts.map(({ id }) => id);
  const { tenant, policy, killSwitch, now } = await loadPolicy(tx, tenantId);
  const holdEnds = await endsOfActiveHolds(tx, tenantId, ids);
  const rows = await tx.findBy(WaitingExpunge, { tenantId, contactId: In(ids) });
  const waitingOf = new Map(rows.map((row) => [row.contactId, row]));
  return contacts.map((contact) => {
    const waiting = waitingOf.get(contact.id);
    const obstacles = { killSwitch, holdEnds: holdEnds.get(contact.id) ?? [] };
    const situation = { ...obstacles, policy, state: contact.state, waiting: waiting !== undefined };
    return { tenant, policy, now, contact, obstacles, decision: decideExpunge(situation), waiting };
  });
}
