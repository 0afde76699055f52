import type { EntityManager } from 'typeorm';

/** Rows per contact; contacts without rows may be missing. */
export type Counts = ReadonlyMap<string, number>;

/** One place where a participant holds data of contacts, and appears under its name in the evidence. */
export interface Store {
  readonly name: string;
  /** Deletes what is held of these contacts and says how many rows that were. */
  erase(tx: EntityManager, contactIds: readonly string[]): Promise<Counts>;
  /** Counts what is there now. */
  remaining(tx: EntityManager, contactIds: readonly string[]): Promise<Counts>;
}

export interface TableStore {
  readonly table: string;
  /** Column with the contact id; 'contact_id' unless said. */
  readonly column?: string;
  readonly columnType?: 'uuid' | 'text';
  /** Further condition on rows that are the contact's data, in SQL; rows outside it are neither deleted nor counted. */
  readonly where?: string;
}

/** A store that is a table. Names are code, never input. */
export function tableStore(
  name: string,
  { table, column = 'contact_id', columnType = 'uuid', where }: TableStore,
): Store {
  const condition = `${column} = ANY($1::${columnType}[])${where ? ` AND (${where})` : ''}`;
  const grouped = `SELECT contact_id, count(*)::int AS rows FROM held GROUP BY contact_id`;
  return {
    name,
    erase: async (tx, ids) =>
      toCounts(
        await tx.query(
          `WITH held AS (DELETE FROM ${table} WHERE ${condition} RETURNING ${column} AS contact_id) ${grouped}`,
          [ids],
        ),
      ),
    remaining: async (tx, ids) =>
      toCounts(
        await tx.query(`WITH held AS (SELECT ${column} AS contact_id FROM ${table} WHERE ${condition}) ${grouped}`, [
          ids,
        ]),
      ),
  };
}

/**
 * Several places as one line of the evidence: for what a person could learn something from that is not theirs to know, were
 * it listed by itself.
 */
export function jointStore(name: string, stores: readonly Store[]): Store {
  const sum = async (countsOf: (store: Store) => Promise<Counts>): Promise<Counts> => {
    const total = new Map<string, number>();
    for (const store of stores) {
      for (const [contactId, rows] of await countsOf(store)) total.set(contactId, (total.get(contactId) ?? 0) + rows);
    }
    return total;
  };
  return {
    name,
    erase: (tx, ids) => sum((store) => store.erase(tx, ids)),
    remaining: (tx, ids) => sum((store) => store.remaining(tx, ids)),
  };
}

/** Parked messages about a contact are its data too; every participant has this store. */
export const deadLetters = tableStore('dead_letters', { table: 'dead_letter', column: 'key', columnType: 'text' });

function toCounts(rows: readonly { contact_id: string; rows: number }[]): Counts {
  return new Map(rows.map((row) => [row.contact_id, row.rows]));
}
