import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTenant } from '#messaging';
import { aTenant, type ContactService, startContactService } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

test('When any table holds rows of tenants, then the database keeps them apart, also from its owner', async () => {
  const open = await service.db.query(
    `SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT (relrowsecurity AND relforcerowsecurity)
       AND (relname = 'tenant' OR EXISTS (
         SELECT 1 FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'tenant_id' AND NOT attisdropped))`,
  );
  expect(open).toEqual([]);
});

test('When a transaction is bound to one client company, then it sees and makes no other', async () => {
  const [mine, other] = [await aTenant(service), await aTenant(service)];
  for (const tenant of [mine, other]) await tenant.setKillSwitch(true);
  const sql = `
    SELECT id AS tenant FROM tenant UNION ALL SELECT tenant_id FROM expunge_policy_change
    UNION ALL SELECT tenant_id FROM kill_switch_change UNION ALL SELECT tenant_id FROM audit_log`;
  const rows: { tenant: string }[] = await inTenant(service.appDb, mine.tenantId, (tx) => tx.query(sql));
  expect(new Set(rows.map(({ tenant }) => tenant))).toEqual(new Set([mine.tenantId]));
  expect(await service.appDb.query(sql)).toEqual([]);
  const touched = await inTenant(service.appDb, mine.tenantId, (tx) =>
    tx.query(`UPDATE tenant SET name = 'Taken over' WHERE id = $1 RETURNING id`, [other.tenantId]),
  );
  expect(touched).toEqual([[], 0]);
  const insert = `INSERT INTO tenant (id, name, languages, privacy_contact, revision)
    VALUES (gen_random_uuid(), 'X', '{en}', 'x', 1)`;
  await expect(inTenant(service.appDb, mine.tenantId, (tx) => tx.query(insert))).rejects.toMatchObject({
    code: '42501',
  });
});
