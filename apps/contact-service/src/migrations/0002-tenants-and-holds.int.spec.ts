import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate } from '#service';
import { createTestDatabase } from '../../../../test/support/database.js';
import { CreateTables1764000000000 } from './0001-create-tables.js';
import { TenantsAndHolds1765000000000 } from './0002-tenants-and-holds.js';

test('When there is data of before, then expunge is off until both sides agree, with its history', async () => {
  const { ownerUrl } = await createTestDatabase();
  const name = 'contact-service';
  await migrate(name, ownerUrl, [CreateTables1764000000000]);
  const db = await new DataSource({
    type: 'postgres',
    url: ownerUrl,
    installExtensions: false,
    extra: { options: '-c app.tenant_id=all' },
  }).initialize();
  const [permanent, off, contact] = [randomUUID(), randomUUID(), randomUUID()];
  await db.query(
    `INSERT INTO tenant (id, name, expunge_policy, languages, privacy_contact, revision)
     VALUES ($1, 'Acme', 'permanent', '{en}', 'p', 1), ($2, 'Beta', 'off', '{en}', 'p', 1)`,
    [permanent, off],
  );
  await db.query('INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2)', [contact, off]);
  await db.query(`INSERT INTO contact (id, tenant_id, source, state) VALUES ($1, $2, 'manual', 'disabled')`, [
    contact,
    off,
  ]);
  await migrate(name, ownerUrl, [CreateTables1764000000000, TenantsAndHolds1765000000000]);

  const tenants = await db.query('SELECT id, expunge_policy, expunge_from, soft_deleted FROM tenant ORDER BY name');
  expect(tenants).toEqual([
    { id: permanent, expunge_policy: 'off', expunge_from: null, soft_deleted: null },
    { id: off, expunge_policy: 'off', expunge_from: null, soft_deleted: null },
  ]);
  const history = await db.query('SELECT tenant_id, approved_by, closed_how FROM expunge_policy_change');
  expect(history).toEqual([{ tenant_id: permanent, approved_by: null, closed_how: 'switched-off' }]);
  const audited = await db.query('SELECT tenant_id, actor, action FROM audit_log JOIN audit_unchained USING (seq)');
  expect(audited).toEqual([{ tenant_id: permanent, actor: 'system', action: 'expunge-policy.switched-off' }]);
  const [row] = await db.query('SELECT disabled_at = updated_at AS known FROM contact');
  expect(row).toEqual({ known: true });
  await db.destroy();
});
