import type { EntityManager } from 'typeorm';
import type { Counts, Store } from '#erasure';

/**
 * What reports of imports say of a contact: the row it came from, and rows that were refused because it was here, or was
 * not usable; known by the hash of the address it has, or by the contact if it had another one then. `hashes` is filled, by
 * contact, before anything is erased.
 */
export function importRows(hashes: ReadonlyMap<string, string>): Store {
  const counted = async (tx: EntityManager, sql: string, ids: readonly string[]): Promise<Counts> => {
    const known = ids.filter((id) => hashes.has(id));
    const values = [ids, known, known.map((id) => hashes.get(id))];
    const rows: { contact_id: string; rows: number }[] = await tx.query(sql, values);
    return new Map(rows.map((row) => [row.contact_id, row.rows]));
  };
  return {
    name: 'import_rows',
    erase: (tx, ids) => counted(tx, ERASE, ids),
    remaining: (tx, ids) => counted(tx, `${HELD} SELECT contact_id, count(*)::int AS rows FROM held GROUP BY 1`, ids),
  };
}

/**
 * One walk down an index for each contact and each hash: without statistics of personal columns the planner would look at
 * every row of every import. A row that belongs to two contacts is counted once.
 */
const HELD = `
  WITH held AS (
    SELECT DISTINCT ON (place) contact_id, place FROM (
      SELECT asked.contact_id, found.place
      FROM unnest($1::uuid[]) AS asked (contact_id) CROSS JOIN LATERAL (
        SELECT ctid AS place FROM import_row WHERE import_row.contact_id = asked.contact_id OFFSET 0
      ) AS found
      UNION ALL
      SELECT asked.contact_id, found.place
      FROM unnest($2::uuid[], $3::text[]) AS asked (contact_id, hash) CROSS JOIN LATERAL (
        SELECT ctid AS place FROM import_row WHERE import_row.address_hash = asked.hash OFFSET 0
      ) AS found
    ) AS known ORDER BY place, contact_id
  )`;

const ERASE = `${HELD},
  gone AS (DELETE FROM import_row WHERE ctid = ANY (ARRAY(SELECT place FROM held)) RETURNING ctid AS place)
  SELECT contact_id, count(*)::int AS rows FROM held JOIN gone USING (place) GROUP BY 1`;
