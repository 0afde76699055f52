import pg from 'pg';
import { DATABASE_NAMES, type DatabaseName } from '../../apps/local/src/catalogue.js';

/** Looks into the four databases as a superuser, past every proxy; waits while the server is away. */
export class Databases {
  private readonly pools: Readonly<Record<DatabaseName, pg.Pool>>;

  constructor(superuserUrl: string) {
    const pools = DATABASE_NAMES.map((name) => {
      const url = new URL(superuserUrl);
      url.pathname = `/${name}`;
      const pool = new pg.Pool({ connectionString: url.href, max: 2 });
      pool.on('error', () => undefined);
      return [name, pool] as const;
    });
    this.pools = Object.fromEntries(pools) as Record<DatabaseName, pg.Pool>;
  }

  async rows<Row extends pg.QueryResultRow>(name: DatabaseName, sql: string, values: unknown[] = []): Promise<Row[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return (await this.pools[name].query<Row>(sql, values)).rows;
      } catch (error) {
        // A mistake in the statement (class 42) is ours and stays one.
        if (tries >= 60 || String((error as { code?: string }).code).startsWith('42')) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  async number(name: DatabaseName, sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.rows<{ n: number }>(name, `SELECT (${sql})::int AS n`, values);
    return row!.n;
  }

  async end(): Promise<void> {
    await Promise.all(Object.values(this.pools).map((pool) => pool.end()));
  }
}

/** Where each service holds something of a contact, and which column says of whom; what may stay is left out. */
export const HOLDS: Readonly<Partial<Record<DatabaseName, Readonly<Record<string, string>>>>> = {
  contact_service: {
    contact: 'id',
    note: 'contact_id',
    opt_in_ask: 'contact_id',
    hold: 'contact_id',
    waiting_expunge: 'contact_id',
    removal_link: 'contact_id',
    expunge_decline: 'contact_id',
    import_row: 'contact_id',
  },
  workflow_service: { timer: 'contact_id', enrolment: 'contact_id', contact_fact: 'contact_id' },
  notification_service: {
    "mail WHERE purpose <> 'expunge-confirmation'": 'contact_id',
    "mail_outcome WHERE purpose <> 'expunge-confirmation'": 'contact_id',
    "mail_bounce WHERE purpose <> 'expunge-confirmation'": 'contact_id',
  },
};

/** For each of these contacts the tables in which it still is. */
export async function leftOf(databases: Databases, contactIds: readonly string[]): Promise<Map<string, string[]>> {
  const left = new Map<string, string[]>();
  for (const [name, tables] of Object.entries(HOLDS)) {
    const looks = Object.entries(tables).map(([table, column]) => {
      const [from, where] = table.split(' WHERE ');
      const and = where === undefined ? '' : ` AND ${where}`;
      return `SELECT '${from}' AS place, ${column}::text AS id FROM ${from} WHERE ${column} = ANY($1::uuid[])${and}`;
    });
    const sql = looks.join(' UNION ALL ');
    const rows = await databases.rows<{ place: string; id: string }>(name as DatabaseName, sql, [contactIds]);
    for (const { place, id } of rows) left.set(id, [...(left.get(id) ?? []), `${name}.${place}`]);
  }
  return left;
}

/** A hash of everything that contact-service stores of a contact, to see that nothing of it has changed. */
export async function storedOf(databases: Databases, contactId: string): Promise<string | undefined> {
  const [row] = await databases.rows<{ hash: string }>(
    'contact_service',
    `SELECT md5(contact::text || coalesce((SELECT string_agg(note::text, ',' ORDER BY note.id) FROM note
       WHERE note.contact_id = contact.id), '')) AS hash FROM contact WHERE id = $1`,
    [contactId],
  );
  return row?.hash;
}
