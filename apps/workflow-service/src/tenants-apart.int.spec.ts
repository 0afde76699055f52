import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { ContactAdded, ContactExpunged, EraseContactData } from '#contracts';
import { migrate } from '#service';
import { createTestDatabase } from '../../../test/support/database.js';
import { aContactAdded, aContactExpunged, anEraseCommand } from '../../../test/support/make.js';
import { startWorkflowService, type WorkflowTestService } from '../test/workflow-test-service.js';
import { migrations } from './migrations/index.js';

const tenantId = randomUUID();
let service: WorkflowTestService;
let owner: DataSource;

const ownerOf = (url: string): Promise<DataSource> =>
  new DataSource({
    type: 'postgres',
    url,
    installExtensions: false,
    extra: { options: '-c app.tenant_id=all' },
  }).initialize();

beforeAll(async () => {
  service = await startWorkflowService();
  owner = await ownerOf(service.ownerUrl);
});
afterAll(async () => {
  await owner.destroy();
  await service.stop();
});

const aWorkflow = (whose: string) => service.anActive(undefined, { tenantId: whose });

/** What is held of a contact, and whose it is said to be. */
const heldOf = (contactId: string): Promise<unknown[]> =>
  service.db.query(
    `SELECT s.tenant_id AS subject, s.erased_at, e.tenant_id AS enrolment, t.tenant_id AS timer
     FROM subject s LEFT JOIN enrolment e USING (contact_id) LEFT JOIN timer t USING (contact_id)
     WHERE contact_id = $1`,
    [contactId],
  );

describe('A message that names another tenant than its contact has', () => {
  const foreign = randomUUID();
  const MINE = { subject: tenantId, erased_at: null, enrolment: tenantId, timer: tenantId };
  const anEnrolled = async (): Promise<string> => {
    const contact = aContactAdded({ tenantId });
    await service.deliver(ContactAdded, contact);
    return contact.contactId;
  };
  beforeAll(() => Promise.all([aWorkflow(tenantId), aWorkflow(foreign)]));

  test('When it says that the contact was added, then it is parked, enrols nobody and holds up nobody', async () => {
    const [known, other] = [await anEnrolled(), aContactAdded({ tenantId: foreign })];
    const added = [aContactAdded({ tenantId: foreign, contactId: known }), other];
    expect(await service.deliver(ContactAdded, added)).toMatchObject({ handled: 1, parked: 1 });
    expect(await heldOf(known)).toEqual([MINE]);
    expect(await heldOf(other.contactId)).toMatchObject([{ enrolment: foreign, timer: foreign }]);
  });

  test('When it says that the contact was expunged, then it is parked and nothing is deleted', async () => {
    const contactId = await anEnrolled();
    const expunged = aContactExpunged({ tenantId: foreign, contactId });
    expect(await service.deliver(ContactExpunged, expunged)).toMatchObject({ parked: 1 });
    expect(await heldOf(contactId)).toEqual([MINE]);
  });

  test('When it asks to erase the contact, then it is refused, nothing is deleted and the true command counts', async () => {
    const contactId = await anEnrolled();
    const erase = [anEraseCommand({ tenantId: foreign, contactId }), anEraseCommand({ tenantId, contactId })];
    expect(await service.deliver(EraseContactData, erase[0]!)).toMatchObject({ handled: 1, parked: 0 });
    expect(await heldOf(contactId)).toEqual([MINE]);
    await service.deliver(EraseContactData, erase[1]!);
    const said = (await service.outbox()).filter(({ key }) => key === contactId);
    expect(said).toMatchObject([
      { type: 'ContactErasureRefused', data: { reason: 'wrong-tenant' } },
      { type: 'ContactDataErased', data: { outcome: 'erased' } },
    ]);
  });
});

describe('The database', () => {
  test('When a statement is bound to no tenant, then it shows nothing and takes nothing', async () => {
    await aWorkflow(randomUUID());
    await service.deliver(ContactAdded, aContactAdded({ tenantId }));
    const tables: { name: string; isolated: boolean }[] = await service.db.query(
      `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS isolated
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE a.attname = 'tenant_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(tables.filter(({ isolated }) => !isolated)).toEqual([]);
    for (const name of ['subject', 'workflow', 'workflow_version', 'contact_fact', 'enrolment', 'timer']) {
      expect(tables.map((table) => table.name)).toContain(name);
      expect(await service.db.query(`SELECT 1 FROM ${name} LIMIT 1`)).toHaveLength(1);
      expect(await service.appDb.query(`SELECT 1 FROM ${name} LIMIT 1`)).toEqual([]);
    }
    const insert = `INSERT INTO workflow (tenant_id, trigger, name) VALUES ($1, 'import', 'Mine')`;
    await expect(service.appDb.query(insert, [randomUUID()])).rejects.toMatchObject({ code: '42501' });
  });

  test('When it does not keep tenants apart, then the code still lists and enrols in nobody else’s workflows', async () => {
    const tables = ['subject', 'workflow', 'workflow_version', 'contact_fact', 'enrolment', 'timer'];
    for (const table of tables) await owner.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    const token = await service.token({ subject: 'carl', tenantId: randomUUID(), roles: ['client-admin'] });
    const list = await fetch(`${service.url}/v1/workflows`, { headers: { authorization: `Bearer ${token}` } });
    const [known, elsewhere] = [aContactAdded(), aContactAdded()];
    await service.deliver(ContactAdded, [known, elsewhere]);
    const parked = await service.deliver(ContactAdded, { ...known, tenantId });
    for (const table of tables) await owner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    expect(await list.json()).toEqual({ workflows: [] });
    expect(await heldOf(elsewhere.contactId)).toMatchObject([{ enrolment: null }]);
    expect(parked).toMatchObject({ parked: 1 });
    expect(await heldOf(known.contactId)).toMatchObject([{ subject: known.tenantId, enrolment: null }]);
  });

  test('When a database with enrolments is brought up to date, then they are facts, and workflows are drafts', async () => {
    const { ownerUrl } = await createTestDatabase();
    await migrate('workflow-service', ownerUrl, migrations.slice(0, 1));
    const old = await ownerOf(ownerUrl);
    const [contactId, enrolmentId] = [randomUUID(), randomUUID()];
    await old.query('INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2)', [contactId, tenantId]);
    await old.query(
      `WITH w AS (INSERT INTO workflow (tenant_id, trigger, name) VALUES ($1, 'manual', 'Ask') RETURNING id)
       INSERT INTO enrolment (id, tenant_id, workflow_id, contact_id) SELECT $2::uuid, $1, id, $3::uuid FROM w`,
      [tenantId, enrolmentId, contactId],
    );
    await old.query(`INSERT INTO timer VALUES ($1, $2, 'send-opt-in', now())`, [enrolmentId, contactId]);
    await migrate('workflow-service', ownerUrl, migrations.slice(0, 2));
    expect(await old.query('SELECT tenant_id FROM timer')).toEqual([{ tenant_id: tenantId }]);
    await migrate('workflow-service', ownerUrl, migrations);
    expect(await old.query('SELECT contact_id, tenant_id, source FROM contact_fact')).toEqual([
      { contact_id: contactId, tenant_id: tenantId, source: 'manual' },
    ]);
    expect(
      await old.query(
        'SELECT w.state, v.number, v.state AS of_version FROM workflow w JOIN workflow_version v ON v.workflow_id = w.id',
      ),
    ).toEqual([{ state: 'draft', number: 1, of_version: 'draft' }]);
    expect(await old.query('SELECT FROM timer')).toEqual([]);
    await old.destroy();
  });
});
