import type { QueryRunner } from 'typeorm';
import { isolateTenants } from '#messaging';

/**
 * The audit log of a service and its chain: rows can be added and read. Nobody but the owner of the tables has the right
 * to change or remove one, and a trigger refuses it to the owner too. Every service's migrations call this once.
 */
export async function createAuditTables(runner: QueryRunner): Promise<void> {
  for (const statement of TABLES) await runner.query(statement);
  await isolateTenants(runner, APPEND_ONLY);
  await makeAppendOnly(runner, APPEND_ONLY);
}

/**
 * Rows of these tables can be added and read. Nobody but the owner of the tables has the right to change or remove one, and
 * a trigger, which {@link createAuditTables} has made, refuses it to the owner too.
 */
export async function makeAppendOnly(runner: QueryRunner, tables: readonly string[]): Promise<void> {
  for (const table of tables) await runner.query(guard(table));
  await runner.query(takeRightsAway(tables));
}

/** Takes them away again: for `down` of the migration that made them. */
export async function dropAuditTables(runner: QueryRunner): Promise<void> {
  await runner.query('DROP TABLE audit_unchained, audit_chain, audit_log');
  await runner.query('DROP FUNCTION refuse_change');
}

const APPEND_ONLY = ['audit_log', 'audit_chain'];

/** What ids and codes are made of; an address or a name with a space is not. */
const CODE = '[A-Za-z0-9._:/-]+';

const TABLES = [
  `
    CREATE TABLE audit_log (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant_id uuid NOT NULL,
      at timestamptz NOT NULL,
      actor text NOT NULL,
      action text NOT NULL CHECK (length(action) <= 200 AND action ~ '^([A-Z]+ )?${CODE}$'),
      target text CHECK (length(target) <= 200 AND target ~ '^${CODE}$'),
      outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
      detail jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(detail) = 'object' AND detail::text !~ '@')
    )`,
  `CREATE INDEX audit_log_newest ON audit_log (tenant_id, at, seq)`,
  `CREATE INDEX audit_log_target ON audit_log (tenant_id, target, at, seq) WHERE target IS NOT NULL`,
  `CREATE INDEX audit_log_action ON audit_log (tenant_id, action, at, seq)`,
  // The link of each row to the one before it. `previous` tells a removed row from a changed one.
  `
    CREATE TABLE audit_chain (
      tenant_id uuid NOT NULL,
      n bigint NOT NULL,
      seq bigint NOT NULL UNIQUE,
      previous bytea NOT NULL,
      hash bytea NOT NULL,
      PRIMARY KEY (tenant_id, n)
    )`,
  // The rows the chain has not come to yet: added with the row, deleted with its link. Small, so it is vacuumed early.
  `
    CREATE TABLE audit_unchained (seq bigint PRIMARY KEY)
    WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)`,
  `
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rows of % can only be added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$`,
];

/** The name `append_only` is what apps/local looks for when it grants rights anew. */
const guard = (table: string): string =>
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table} EXECUTE FUNCTION refuse_change()`;

/** Default privileges give the application role more, whatever it is called. */
const takeRightsAway = (tables: readonly string[]): string => `
  DO $$
  DECLARE grantee text;
  BEGIN
    FOR grantee IN
      SELECT DISTINCT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
      FROM pg_class table_of, aclexplode(table_of.relacl) acl
      WHERE table_of.oid IN (${tables.map((table) => `'${table}'::regclass`).join(', ')})
        AND acl.grantee <> table_of.relowner
    LOOP
      EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON ${tables.join(', ')} FROM %s', grantee);
    END LOOP;
  END $$`;
