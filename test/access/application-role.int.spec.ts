import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate } from '#service';
import { migrations } from '../../apps/privacy-service/src/migrations/index.js';
import { createTestDatabase } from '../support/database.js';

/** One service stands for all: test/k8s/database-rights.int.spec.ts compares the rights of the roles of all four. */
let app: DataSource;

beforeAll(async () => {
  const { appUrl, ownerUrl } = await createTestDatabase();
  await migrate('privacy-service', ownerUrl, migrations);
  app = await new DataSource({ type: 'postgres', url: appUrl, installExtensions: false }).initialize();
});
afterAll(() => app.destroy());

/** SQLSTATE insufficient_privilege. */
const REFUSED = '42501';

describe('When the role of a running service tries to change the schema', () => {
  test.each([
    'CREATE TABLE mine (id int)',
    'CREATE SCHEMA mine',
    'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE INDEX mine ON expunge_request (state)',
    'CREATE TRIGGER mine BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'ALTER TABLE expunge_request ADD COLUMN mine int',
    'ALTER TABLE expunge_request DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE expunge_request NO FORCE ROW LEVEL SECURITY',
    'ALTER TABLE expunge_request RENAME TO mine',
    'DROP POLICY tenant ON expunge_request',
    'DROP TABLE audit_log',
    'TRUNCATE audit_log',
  ])('then PostgreSQL refuses %s', async (sql) => {
    const code = await app.query(sql).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
    expect(code).toBe(REFUSED);
  });

  test('then it cannot become the owner either', async () => {
    const [{ owner }] = await app.query(
      `SELECT tableowner AS owner FROM pg_tables WHERE tablename = 'expunge_request'`,
    );
    await expect(app.query(`SET ROLE ${owner}`)).rejects.toMatchObject({ code: REFUSED });
  });
});
