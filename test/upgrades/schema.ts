import type { DataSource } from 'typeorm';

interface Column {
  readonly type: string;
  /** A row can be inserted without naming it. */
  readonly optional: boolean;
  readonly nullable: boolean;
}

/** What refuses rows: checks, keys, unique indexes, row-level security. */
interface Guard {
  readonly definition: string;
  readonly columns: readonly string[];
}

interface Table {
  readonly columns: Readonly<Record<string, Column>>;
  readonly guards: Readonly<Record<string, Guard>>;
}

/** The tables of a database, as a release that knows them relies on them. */
export type Schema = Readonly<Record<string, Table>>;

/** Reads it as it is now, the table of migrations left out. */
export async function schemaOf(db: DataSource): Promise<Schema> {
  const tables: ({ name: string } & Table)[] = await db.query(TABLES);
  return Object.fromEntries(tables.map(({ name, ...table }) => [name, table]));
}

const TABLES = `
  SELECT c.relname AS name,
    (SELECT json_object_agg(a.attname, json_build_object(
        'type', format_type(a.atttypid, a.atttypmod),
        'nullable', NOT a.attnotnull,
        'optional', NOT a.attnotnull OR a.atthasdef OR a.attidentity <> ''))
      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT coalesce(json_object_agg(g.name, json_build_object('definition', g.definition, 'columns', g.columns)), '{}') FROM (
        SELECT conname AS name, pg_get_constraintdef(oid) AS definition,
          ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY(conkey)) AS columns
        FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('c', 'f', 'p', 'u', 'x')
        UNION ALL
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid),
          ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY(indkey))
        FROM pg_index WHERE indrelid = c.oid AND indisunique
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = c.oid)
        UNION ALL
        SELECT 'row-level security', 'on', '{}' WHERE c.relrowsecurity
      ) AS g) AS guards
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'`;

/**
 * What of a change of the schema would break a release that knows only the schema before: one line each, none for a change
 * that only adds. A table or column that goes or changes its type cannot be read; a new column that must be named, or a new or
 * other guard on columns the release knows, may refuse what it writes.
 */
export function breaksOf(before: Schema, after: Schema): string[] {
  return Object.entries(before).flatMap(([name, table]) => {
    const now = after[name];
    if (!now) return [`${name} is gone`];
    return [...columnBreaks(table, now), ...guardBreaks(table, now)].map((what) => `${name}: ${what}`);
  });
}

function columnBreaks(before: Table, after: Table): string[] {
  const known = Object.entries(before.columns).flatMap(([name, column]) => {
    const now = after.columns[name];
    if (!now) return [`${name} is gone`];
    if (now.type !== column.type) return [`${name} is ${now.type}, was ${column.type}`];
    if (column.optional && !now.optional) return [`${name} must be given`];
    return column.nullable && !now.nullable ? [`${name} must not be null`] : [];
  });
  const added = Object.entries(after.columns).filter(([name]) => !(name in before.columns));
  return [...known, ...added.flatMap(([name, { optional }]) => (optional ? [] : [`${name} is new and must be given`]))];
}

function guardBreaks(before: Table, after: Table): string[] {
  return Object.entries(after.guards).flatMap(([name, { definition, columns }]) => {
    if (before.guards[name]?.definition === definition) return [];
    // It is about columns that the release before leaves to their defaults.
    if (columns.length > 0 && columns.every((column) => !(column in before.columns))) return [];
    return [`${name} is ${name in before.guards ? 'another' : 'new'}`];
  });
}
