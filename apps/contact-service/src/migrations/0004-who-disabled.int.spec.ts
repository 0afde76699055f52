import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate } from '#service';
import { createTestDatabase } from '../../../../test/support/database.js';
import { migrations } from './index.js';

test('When contacts were disabled before, then who asked for it is known from the audit log', async () => {
  const { ownerUrl: url } = await createTestDatabase();
  await migrate('contact-service', url, migrations.slice(0, 3));
  const extra = { options: '-c app.tenant_id=all' };
  const db = await new DataSource({ type: 'postgres', url, installExtensions: false, extra }).initialize();
  const [tenantId, byLink, byPerson, beforeTheLog, active] = Array.from({ length: 5 }, () => randomUUID());
  await db.query(
    `INSERT INTO tenant (id, name, languages, privacy_contact, revision) VALUES ($1, 'Acme', '{en}', 'p', 1)`,
    [tenantId],
  );
  const contacts = [byLink, byPerson, beforeTheLog, active];
  await db.query('INSERT INTO subject (contact_id, tenant_id) SELECT unnest($2::uuid[]), $1', [tenantId, contacts]);
  await db.query(
    `INSERT INTO contact (id, tenant_id, source, state, disabled_at)
     SELECT id, $1, 'manual', CASE id WHEN $3 THEN 'active' ELSE 'disabled' END, CASE id WHEN $3 THEN NULL ELSE now() END
     FROM unnest($2::uuid[]) AS id`,
    [tenantId, contacts, active],
  );
  const disabled = (target: string | undefined, requestedBy: string) =>
    db.query(
      `INSERT INTO audit_log (tenant_id, at, actor, action, target, outcome, detail)
       VALUES ($1, clock_timestamp(), 'system', 'contact.disabled', $2, 'done', jsonb_build_object('requestedBy', $3::text))`,
      [tenantId, target, requestedBy],
    );
  await disabled(byLink, 'candidate');
  await disabled(byLink, 'address-holder');
  await disabled(byPerson, 'candidate');
  await migrate('contact-service', url, migrations);

  const found = await db.query('SELECT id, disabled_by FROM contact');
  expect(new Map(found.map((row: { id: string; disabled_by: string }) => [row.id, row.disabled_by]))).toEqual(
    new Map([
      [byLink, 'address-holder'],
      [byPerson, 'candidate'],
      [beforeTheLog, 'candidate'],
      [active, null],
    ]),
  );
  await db.destroy();
});
