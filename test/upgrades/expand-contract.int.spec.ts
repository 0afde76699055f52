import { afterEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate, type MigrationClass } from '#service';
import { migrations as contact } from '../../apps/contact-service/src/migrations/index.js';
import { migrations as notification } from '../../apps/notification-service/src/migrations/index.js';
import { migrations as privacy } from '../../apps/privacy-service/src/migrations/index.js';
import { migrations as workflow } from '../../apps/workflow-service/src/migrations/index.js';
import { createTestDatabase } from '../support/database.js';
import { breaksOf, schemaOf } from './schema.js';

let owner: DataSource | undefined;
afterEach(() => owner?.destroy());

async function anOwner(): Promise<{ url: string; db: DataSource }> {
  const { ownerUrl: url } = await createTestDatabase();
  owner = await new DataSource({ type: 'postgres', url, installExtensions: false }).initialize();
  return { url, db: owner };
}

/** What each migration would take from the release before it; those that only add are left out. */
async function breaksOfEach(name: string, migrations: readonly MigrationClass[]): Promise<Record<string, string[]>> {
  const { url, db } = await anOwner();
  const found: Record<string, string[]> = {};
  const inOrder = migrations.toSorted((a, b) => Number(a.name.slice(-13)) - Number(b.name.slice(-13)));
  let before = await schemaOf(db);
  for (const [at, { name: migration }] of inOrder.entries()) {
    await migrate(name, url, inOrder.slice(0, at + 1));
    const after = await schemaOf(db);
    const breaks = breaksOf(before, after);
    if (breaks.length > 0) found[migration] = breaks.sort();
    before = after;
  }
  return found;
}

const FIRST = 'made before the first release, so that nothing older runs anywhere';

/**
 * Migrations that take something away, and why they may. After the first release that is only the second half of a change
 * (contract): it says in which release the last reader of what it takes went, which must be an earlier one than its own.
 */
const MAY_TAKE: Record<string, Record<string, string>> = {
  'contact-service': { TenantsAndHolds1765000000000: FIRST, HeadersAsWritten1790000000000: FIRST },
  'notification-service': {
    TenantsApart1765000000000: FIRST,
    CancelledMails1769000000000: FIRST,
    HeadersAsWritten1790000000000: FIRST,
  },
  'privacy-service': { TenantsApart1780000000002: FIRST, HeadersAsWritten1790000000000: FIRST },
  'workflow-service': {
    TenantsApart1764000000001: FIRST,
    ConsentWorkflow1767000000000: FIRST,
    HeadersAsWritten1790000000000: FIRST,
  },
};

test.each([
  ['contact-service', contact],
  ['notification-service', notification],
  ['privacy-service', privacy],
  ['workflow-service', workflow],
] as const)(
  'When %s is upgraded, then no migration takes from the release before it what it needs',
  async (name, all) => {
    const found = await breaksOfEach(name, all);
    const allowed = Object.keys(MAY_TAKE[name]!);
    expect(Object.fromEntries(Object.entries(found).filter(([migration]) => !allowed.includes(migration)))).toEqual({});
    expect(Object.keys(found)).toEqual(allowed);
  },
);

describe('When a schema changes', () => {
  test.each([
    ['DROP TABLE person', ['person is gone']],
    ['ALTER TABLE person RENAME TO people', ['person is gone']],
    ['ALTER TABLE person DROP COLUMN age', ['person: age is gone']],
    ['ALTER TABLE person RENAME COLUMN age TO years', ['person: age is gone']],
    ['ALTER TABLE person ALTER COLUMN age TYPE text', ['person: age is text, was integer']],
    ['ALTER TABLE person ALTER COLUMN age SET NOT NULL', ['person: age must be given']],
    ['ALTER TABLE person ALTER COLUMN kind DROP DEFAULT', ['person: kind must be given']],
    ['ALTER TABLE person ADD COLUMN name text NOT NULL', ['person: name is new and must be given']],
    ['ALTER TABLE person ADD CONSTRAINT old CHECK (age > 17)', ['person: old is new']],
    ['CREATE UNIQUE INDEX one_age ON person (age)', ['person: one_age is new']],
    ['ALTER TABLE person ENABLE ROW LEVEL SECURITY', ['person: row-level security is new']],
    ["ALTER TABLE person ADD COLUMN name text NOT NULL DEFAULT '', ADD UNIQUE (name)", []],
    ['ALTER TABLE person ADD COLUMN city text CHECK (length(city) > 1)', []],
    ['CREATE TABLE place (name text PRIMARY KEY); CREATE INDEX by_age ON person (age)', []],
    ['ALTER TABLE person ALTER COLUMN kind DROP NOT NULL', []],
  ])('then %s takes %j from the release before', async (sql, expected) => {
    const { db } = await anOwner();
    await db.query("CREATE TABLE person (id int PRIMARY KEY, age int, kind text NOT NULL DEFAULT 'a')");
    const before = await schemaOf(db);
    await db.query(sql);
    expect(breaksOf(before, await schemaOf(db))).toEqual(expected);
  });
});
