import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, type MigrationInterface, type QueryRunner } from 'typeorm';
import { inEveryTenant, inTenant, isolateTenants, readRows, seeingEveryTenant } from '#messaging';
import { migrate } from '#service';
import { createTestDatabase } from '../../../test/support/database.js';

class CreateThings1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE thing (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, name text)');
    await isolateTenants(runner, ['thing']);
  }
  async down(): Promise<void> {}
}

/** A single connection, so that what one transaction leaves behind would be met by the next. */
let db: DataSource;
let owner: DataSource;
const [mine, other] = [randomUUID(), randomUUID()];
const [myThing, otherThing] = [randomUUID(), randomUUID()];
const connect = (url: string): Promise<DataSource> =>
  new DataSource({ type: 'postgres', url, poolSize: 1, installExtensions: false }).initialize();

beforeAll(async () => {
  const { appUrl, ownerUrl } = await createTestDatabase();
  await migrate('tenant-test', ownerUrl, [CreateThings1764000000000]);
  [db, owner] = await Promise.all([connect(appUrl), connect(ownerUrl)]);
});
beforeEach(() =>
  inEveryTenant(db, async (tx) => {
    await tx.query('DELETE FROM thing');
    await tx.query(`INSERT INTO thing VALUES ($1, $2, 'mine'), ($3, $4, 'other')`, [myThing, mine, otherThing, other]);
  }),
);
afterAll(() => Promise.all([db.destroy(), owner.destroy()]));

interface Queries {
  query(sql: string, values?: unknown[]): Promise<unknown>;
}
const names = async (on: Queries): Promise<string[]> =>
  ((await on.query('SELECT name FROM thing ORDER BY name')) as { name: string }[]).map(({ name }) => name);
const add = (on: Queries, tenantId: string): Promise<unknown> =>
  on.query(`INSERT INTO thing VALUES ($1, $2, 'new')`, [randomUUID(), tenantId]);
const FOREIGN_ROW = { driverError: { code: '42501', routine: 'ExecWithCheckOptions' } };

describe('When a statement is bound to no tenant', () => {
  test.each([
    ['the service', () => db],
    ['the owner of the table', () => owner],
  ])('then %s sees nothing, changes nothing and adds nothing', async (_, who) => {
    expect(await names(who())).toEqual([]);
    expect(await who().query(`UPDATE thing SET name = 'x' RETURNING id`)).toEqual([[], 0]);
    expect(await who().query('DELETE FROM thing RETURNING id')).toEqual([[], 0]);
    await expect(add(who(), mine)).rejects.toMatchObject(FOREIGN_ROW);
  });
});

describe('When a transaction is bound to a tenant', () => {
  const inMine = <T>(work: (tx: EntityManager) => Promise<T>): Promise<T> => inTenant(db, mine, work);

  test('then it sees, changes and deletes the rows of that tenant only', async () => {
    expect(await inMine(names)).toEqual(['mine']);
    await inMine((tx) => tx.query(`UPDATE thing SET name = 'changed'`));
    expect(await inEveryTenant(db, names)).toEqual(['changed', 'other']);
    await inMine((tx) => tx.query('DELETE FROM thing'));
    expect(await inEveryTenant(db, names)).toEqual(['other']);
  });

  test('then it adds rows for that tenant only, and moves none to another', async () => {
    await inMine((tx) => add(tx, mine));
    await expect(inMine((tx) => add(tx, other))).rejects.toMatchObject(FOREIGN_ROW);
    await expect(inMine((tx) => tx.query('UPDATE thing SET tenant_id = $1', [other]))).rejects.toMatchObject(
      FOREIGN_ROW,
    );
    expect(await inEveryTenant(db, names)).toEqual(['mine', 'new', 'other']);
  });

  test('then the row of another tenant with the same id is neither changed nor shown', async () => {
    const upsert = (action: string) => (tx: EntityManager) =>
      tx.query(`INSERT INTO thing VALUES ($1, $2, 'taken') ON CONFLICT (id) DO ${action}`, [otherThing, mine]);
    await expect(inMine(upsert('UPDATE SET name = EXCLUDED.name'))).rejects.toMatchObject(FOREIGN_ROW);
    expect(await inMine(upsert('NOTHING RETURNING id'))).toEqual([]);
    expect(await inEveryTenant(db, names)).toEqual(['mine', 'other']);
  });

  test('then the binding ends with it, also when it fails', async () => {
    await inMine(names);
    expect(await names(db)).toEqual([]);
    await expect(inMine((tx) => tx.query('SELECT 1 / 0'))).rejects.toThrow();
    expect(await names(db)).toEqual([]);
    expect(await inTenant(db, other, names)).toEqual(['other']);
  });

  test('then its id may be written in capitals', async () => {
    expect(await inTenant(db, mine.toUpperCase(), names)).toEqual(['mine']);
  });

  test('then a savepoint that is rolled back leaves it bound as it was', async () => {
    const seen = await inMine(async (tx) => {
      await tx.query('SAVEPOINT one');
      const all = await seeingEveryTenant(tx, () => names(tx));
      await expect(seeingEveryTenant(tx, () => tx.query('SELECT 1 / 0'))).rejects.toThrow();
      await tx.query('ROLLBACK TO SAVEPOINT one');
      return [all, await names(tx)];
    });
    expect(seen).toEqual([['mine', 'other'], ['mine']]);
  });

  test('then a look at every tenant ends with it', async () => {
    const after = await inMine(async (tx) => {
      await seeingEveryTenant(tx, () => names(tx));
      return names(tx);
    });
    expect(after).toEqual(['mine']);
    const unbound = db.transaction(async (tx) => {
      await seeingEveryTenant(tx, () => names(tx));
      return names(tx);
    });
    expect(await unbound).toEqual([]);
  });
});

describe('When the rows of a tenant are read', () => {
  const byName = {
    name: 'things',
    text: 'SELECT name FROM thing WHERE tenant_id = bound.tenant_id AND name <> $2 ORDER BY name',
    values: ['none'],
  };
  /** As it would be without the code's own check. */
  const unchecked = {
    ...byName,
    name: 'all-things',
    text: byName.text.replace('bound.tenant_id', 'bound.tenant_id OR true'),
  };

  test('then they are seen and no others, and the binding ends with the statement', async () => {
    for (const query of [byName, unchecked]) {
      for (let again = 0; again < 8; again += 1) {
        expect(await readRows(db, mine, query)).toEqual([{ name: 'mine' }]);
        expect(await readRows(db, other.toUpperCase(), query)).toEqual([{ name: 'other' }]);
      }
      expect(await names(db)).toEqual([]);
    }
  });

  test('then what is no tenant, every tenant among it, is refused by the database', async () => {
    for (const tenant of ['all', '', `${mine}'; DROP TABLE thing; --`]) {
      await expect(readRows(db, tenant, byName)).rejects.toMatchObject({ code: '22P02' });
    }
    expect(await readRows(db, mine, byName)).toEqual([{ name: 'mine' }]);
  });

  test('then a statement that is not bound is refused', async () => {
    const unbound = { name: 'unbound', text: 'SELECT name FROM thing', values: [] };
    await expect(readRows(db, mine, unbound)).rejects.toThrow('not bound');
  });
});
