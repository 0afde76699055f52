import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { createDatabases } from '#local';
import { createTestDatabase } from '../../../../test/support/database.js';
import { AuditDatabase } from '../../test/audit-database.js';

let log: AuditDatabase;

beforeAll(async () => {
  log = await AuditDatabase.create(await createTestDatabase(), process.env.TEST_POSTGRES_URL!);
  await log.tenantWith(2);
});

afterAll(() => log.close());

const CHANGES = ['audit_log', 'audit_chain'].flatMap((table) => [
  `UPDATE ${table} SET tenant_id = '${randomUUID()}'`,
  `DELETE FROM ${table}`,
  `TRUNCATE ${table}`,
]);

describe('When somebody tries to change the audit log', () => {
  test.each(CHANGES)('then the application has no right to %s', async (sql) => {
    await expect(log.app.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test.each(CHANGES)('then even the owner cannot %s', async (sql) => {
    await expect(log.owner.query(sql)).rejects.toThrow('can only be added');
  });

  test('then a start of the system that grants rights anew gives none back', async () => {
    const superuserUrl = process.env.TEST_POSTGRES_URL!;
    const { [log.name]: urls } = await createDatabases({ superuserUrl, names: [log.name] });
    const app = await new DataSource({ type: 'postgres', url: urls!.appUrl, installExtensions: false }).initialize();
    for (const sql of CHANGES) await expect(app.query(sql)).rejects.toMatchObject({ code: '42501' });
    await expect(app.query('SELECT count(*) FROM audit_log')).resolves.toEqual([{ count: '0' }]);
    await app.destroy();
  });
});

test('When a row is added, then only its tenant sees it', async () => {
  const tenantId = randomUUID();
  await log.record({ tenantId });
  const seen = (as: string): Promise<unknown[]> =>
    log.app.transaction(async (tx) => {
      await tx.query(`SELECT set_config('app.tenant_id', $1, true)`, [as]);
      return tx.query('SELECT tenant_id FROM audit_log');
    });
  await expect(seen(tenantId)).resolves.toEqual([{ tenant_id: tenantId }]);
  await expect(seen('')).resolves.toEqual([]);
});

test.each(['rosa.luna@example.org', 'Rosa Luna', ''])(
  'When an entry would name "%s" as its target, then it is refused and nothing is written',
  async (target) => {
    const tenantId = randomUUID();
    await expect(log.record({ tenantId, target })).rejects.toMatchObject({ code: '23514' });
    await expect(log.rowsOf(tenantId)).resolves.toEqual([]);
  },
);

test('When a detail would hold an address, then the entry is refused', async () => {
  const recorded = log.record({ detail: { reason: 'asked by rosa.luna@example.org' } });
  await expect(recorded).rejects.toMatchObject({ code: '23514' });
});

test('When somebody acts, then the row says who, and of a candidate only that it was one', async () => {
  const tenantId = randomUUID();
  await log.record({ tenantId }, { subject: 'petra', roles: ['privacy-officer'], tenantId });
  await log.record({ tenantId }, { subject: 'rosa', roles: ['candidate'], tenantId });
  await log.record({ tenantId }, { subject: 'olga', roles: ['candidate', 'privacy-officer'], tenantId });
  await log.record({ tenantId }, 'candidate');
  await log.record({ tenantId }, { subject: 'system', roles: ['client-admin'], tenantId });
  await log.record({ tenantId }, 'system');
  await log.record({ tenantId }, 'link-holder');
  const actors = (await log.rowsOf(tenantId)).map((row) => row.actor);
  expect(actors).toEqual(['petra', 'candidate', 'olga', 'candidate', 'subject:system', 'system', 'link-holder']);
});
