import type pg from 'pg';
import type { Message } from './kafka.js';
import { add } from './outbox.js';

/** A place where data of contacts is held. */
export interface Store {
  readonly name: string;
  readonly table: string;
  readonly column?: string;
  readonly type?: string;
  readonly where?: string;
}

const DEAD_LETTERS = { name: 'dead_letters', table: 'dead_letter', column: 'key', type: 'text' };

export async function lock(db: pg.Client, messages: readonly Message[]): Promise<void> {
  const contacts = messages
    .map(({ data }) => [data.contactId as string, data.tenantId as string] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const ids = contacts.map(([id]) => id);
  await db.query(
    `INSERT INTO subject (contact_id, tenant_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING`,
    [ids, contacts.map(([, tenant]) => tenant)],
  );
  await db.query(
    'SELECT contact_id, expunge_id FROM subject WHERE contact_id = ANY($1::uuid[]) ORDER BY contact_id FOR UPDATE',
    [ids],
  );
}

/** Deletes from every store, counts again, writes the tombstones and answers. */
export async function erase(
  db: pg.Client,
  participant: string,
  stores: readonly Store[],
  messages: readonly Message[],
): Promise<void> {
  if (messages.length === 0) return;
  const all = [DEAD_LETTERS, ...stores];
  const ids = messages.map(({ data }) => data.contactId as string);
  const erased = new Map<Store, Map<string, number>>();
  for (const store of all) erased.set(store, await deleteFrom(db, store, ids));
  for (const store of all) if ((await remaining(db, store, ids)) > 0) throw new Error(`${store.name} is not empty`);
  const at = new Date().toISOString();
  const answers = messages.map(({ traceparent, data }) => {
    const { tenantId, contactId, expungeId } = data;
    const evidence = all.map((store) => {
      return { store: store.name, erased: erased.get(store)!.get(contactId) ?? 0, remaining: 0 };
    });
    const outcome = evidence.some((one) => one.erased > 0) ? 'erased' : 'nothing_held';
    const answer = { tenantId, contactId, expungeId, participant, outcome, stores: evidence, at };
    return { topic: 'expunge.acks', type: 'ContactDataErased', traceparent, data: answer };
  });
  await db.query(
    `UPDATE subject SET expunge_id = t.expunge_id, erased_at = $5, outcome = t.outcome, stores = t.stores
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS t (contact_id, expunge_id, outcome, stores)
     WHERE subject.contact_id = t.contact_id`,
    [
      ids,
      answers.map(({ data }) => data.expungeId),
      answers.map(({ data }) => data.outcome),
      answers.map(({ data }) => JSON.stringify(data.stores)),
      at,
    ],
  );
  await add(db, participant, answers);
}

async function deleteFrom(db: pg.Client, store: Store, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; rows: number }>(
    `WITH gone AS (DELETE FROM ${store.table} WHERE ${isOf(store)} RETURNING ${store.column ?? 'contact_id'} AS id)
     SELECT id, count(*)::int AS rows FROM gone GROUP BY id`,
    [ids],
  );
  return new Map(rows.map(({ id, rows: n }) => [id, n]));
}

async function remaining(db: pg.Client, store: Store, ids: readonly string[]): Promise<number> {
  const { rows } = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${store.table} WHERE ${isOf(store)}`, [
    ids,
  ]);
  return rows[0]!.n;
}

const isOf = ({ column = 'contact_id', type = 'uuid', where = 'true' }: Store): string =>
  `${column} = ANY($1::${type}[]) AND ${where}`;
