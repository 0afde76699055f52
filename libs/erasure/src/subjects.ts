import type { EntityManager, QueryRunner } from 'typeorm';
import type { EraseOutcome, StoreEvidence } from '#contracts';
import { SafeMessageError } from '#messaging';

/** What a service remembers of an erased contact: ids, times and counts; nothing personal. */
export interface Tombstone {
  readonly expungeId: string;
  readonly erasedAt: Date;
  readonly outcome: EraseOutcome;
  readonly stores: readonly StoreEvidence[];
}

/** The one row a service has for each contact it knows. With a tombstone, the contact is erased and must not come back. */
export interface Subject {
  readonly contactId: string;
  readonly tenantId: string;
  readonly tombstone?: Tombstone;
}

/** Creates the table of subjects; the first migration of every participant calls it. */
export async function createSubjectTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE subject (
      contact_id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      expunge_id uuid,
      erased_at timestamptz,
      outcome text CHECK (outcome IN ('erased', 'nothing_held')),
      stores jsonb,
      CHECK (num_nulls(expunge_id, erased_at, outcome, stores) IN (0, 4))
    )`);
}

/** Someone names another tenant than the one the contact is known under here: nothing is done on that word. */
class WrongTenant extends SafeMessageError {
  constructor() {
    super('The contact belongs to another tenant.');
  }
}

/** A contact, and the tenant it is said to belong to. */
interface NamedContact {
  readonly contactId: string;
  readonly tenantId: string;
}

/**
 * Locks the rows of these contacts until the transaction ends, making those that do not exist yet. Every writer of
 * contact data and the eraser call this first, in a statement of its own, and look only afterwards: a writer that looked
 * before an erase committed could otherwise write after it. Locks are taken in the order of the ids, so that two batches
 * never wait for each other. The result has every contact; one that is known under another tenant is refused with
 * {@link WrongTenant}, so that what is missing can never be taken for free to write.
 */
export async function lockSubjects(
  tx: EntityManager,
  contacts: readonly NamedContact[],
): Promise<Map<string, Subject>> {
  const subjects = await lockOwnSubjects(tx, contacts);
  if (contacts.some(({ contactId }) => !subjects.has(contactId))) throw new WrongTenant();
  return subjects;
}

/** The same, but contacts that are known under another tenant are only missing from the result. */
export async function lockOwnSubjects(
  tx: EntityManager,
  contacts: readonly NamedContact[],
): Promise<Map<string, Subject>> {
  const tenantOf = new Map(contacts.map((contact) => [contact.contactId, contact.tenantId]));
  const ids = [...tenantOf.keys()].sort();
  if (ids.length === 0) return new Map();
  await tx.query(
    `INSERT INTO subject (contact_id, tenant_id)
     SELECT s.contact_id, s.tenant_id FROM unnest($1::uuid[], $2::uuid[]) AS s (contact_id, tenant_id) ORDER BY s.contact_id
     ON CONFLICT DO NOTHING`,
    [ids, ids.map((id) => tenantOf.get(id))],
  );
  const known = await lockKnownSubjects(tx, ids);
  // Where the transaction is bound to its tenant, the database has not shown the others at all.
  return new Map([...known].filter(([id, subject]) => subject.tenantId === tenantOf.get(id)));
}

/** The same for contacts that must exist already; unknown ones are missing from the result and nothing is made. */
export async function lockKnownSubjects(tx: EntityManager, ids: readonly string[]): Promise<Map<string, Subject>> {
  const rows: SubjectRow[] = await tx.query(
    `SELECT contact_id, tenant_id, expunge_id, erased_at, outcome, stores FROM subject
     WHERE contact_id = ANY($1::uuid[]) ORDER BY contact_id FOR UPDATE`,
    [ids],
  );
  return new Map(rows.map((row) => [row.contact_id, toSubject(row)]));
}

interface SubjectRow {
  readonly contact_id: string;
  readonly tenant_id: string;
  readonly expunge_id: string | null;
  readonly erased_at: Date | null;
  readonly outcome: EraseOutcome | null;
  readonly stores: StoreEvidence[] | null;
}

function toSubject(row: SubjectRow): Subject {
  const subject = { contactId: row.contact_id, tenantId: row.tenant_id };
  const { expunge_id: expungeId, erased_at: erasedAt, outcome, stores } = row;
  return expungeId && erasedAt && outcome && stores
    ? { ...subject, tombstone: { expungeId, erasedAt, outcome, stores } }
    : subject;
}

interface NewTombstone {
  readonly contactId: string;
  readonly expungeId: string;
  readonly outcome: EraseOutcome;
  readonly stores: readonly StoreEvidence[];
  readonly at: string;
}

/** Turns locked rows into tombstones. A tombstone is never changed again. */
export async function bury(tx: EntityManager, graves: readonly NewTombstone[]): Promise<void> {
  if (graves.length === 0) return;
  await tx.query(
    `UPDATE subject SET expunge_id = t.expunge_id, erased_at = t.at, outcome = t.outcome, stores = t.stores
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[])
       AS t (contact_id, expunge_id, outcome, stores, at)
     WHERE subject.contact_id = t.contact_id AND subject.erased_at IS NULL`,
    [
      graves.map((grave) => grave.contactId),
      graves.map((grave) => grave.expungeId),
      graves.map((grave) => grave.outcome),
      graves.map((grave) => JSON.stringify(grave.stores)),
      graves.map((grave) => grave.at),
    ],
  );
}
