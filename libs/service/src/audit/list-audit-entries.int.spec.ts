import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../../../test/support/database.js';
import { AuditDatabase } from '../../test/audit-database.js';
import { TestIssuer, testModule } from '../../test/test-service.js';
import { type RunningApp, startApp } from '../start-app.js';
import type { AuditPage } from './list-audit-entries.js';

const CONTACT = randomUUID();
const HOLD = randomUUID();
let tenantId: string;
let issuer: TestIssuer;
let log: AuditDatabase;
let service: RunningApp;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  log = await AuditDatabase.create(await createTestDatabase(), process.env.TEST_POSTGRES_URL!);
  service = await startApp(testModule({ ...issuer.env, DATABASE_URL: log.appUrl }));
  await service.usable();
  tenantId = randomUUID();
  const petra = { subject: 'petra', roles: ['privacy-officer' as const], tenantId };
  await log.record({ tenantId, action: 'contact.added', target: CONTACT });
  await log.record({ tenantId: randomUUID(), action: 'contact.added', target: CONTACT });
  await log.record({ tenantId, action: 'hold.placed', target: HOLD, detail: { reason: 'litigation' } }, petra);
  await log.record({ tenantId, action: 'hold.lifted', target: HOLD }, petra);
  await log.record({ tenantId, action: 'contact.added', target: randomUUID() });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([issuer.stop(), log.close()]);
});

async function ask(query = '', claims: Record<string, unknown> = {}): Promise<Response> {
  const token = await issuer.sign({ roles: ['privacy-officer'], tenant_id: tenantId, ...claims });
  return fetch(`${service.url}/v1/audit-log?${query}`, { headers: { authorization: `Bearer ${token}` } });
}

const page = async (query: string): Promise<AuditPage> => (await ask(query)).json() as Promise<AuditPage>;
const actionsOf = async (query: string): Promise<string[]> => (await page(query)).items.map((item) => item.action);

describe('When the privacy officer reads the audit log', () => {
  test('then it shows what happened in his own company, newest first', async () => {
    const { items, next } = await page('');
    expect(items.map((item) => item.action)).toEqual(['contact.added', 'hold.lifted', 'hold.placed', 'contact.added']);
    expect(items[2]).toEqual({
      seq: 3,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      actor: 'petra',
      action: 'hold.placed',
      target: HOLD,
      outcome: 'done',
      detail: { reason: 'litigation' },
    });
    expect(next).toBeUndefined();
  });

  test('then pages follow each other, also when something is added meanwhile', async () => {
    const first = await page('limit=2');
    await log.record({ tenantId, action: 'contact.added' });
    const second = await page(`limit=2&cursor=${first.next}`);
    expect([...first.items, ...second.items].map((item) => item.seq)).toEqual([5, 4, 3, 1]);
    expect(second.next).toBeUndefined();
  });

  test('then he can ask for an action, a target and a time', async () => {
    await expect(actionsOf('action=hold.placed')).resolves.toEqual(['hold.placed']);
    await expect(actionsOf(`target=${HOLD}`)).resolves.toEqual(['hold.lifted', 'hold.placed']);
    await expect(actionsOf(`target=${HOLD}&action=hold.lifted`)).resolves.toEqual(['hold.lifted']);
    const times = await log.rowsOf(tenantId);
    const at = (index: number): string => (times[index]!.at as Date).toISOString();
    await expect(actionsOf(`from=${at(1)}&action=contact.added`)).resolves.not.toHaveLength(0);
    await expect(actionsOf(`to=${at(0)}`)).resolves.toEqual([]);
    await expect(actionsOf('from=2999-01-01T00:00:00Z')).resolves.toEqual([]);
    await expect(actionsOf('to=2999-01-01T00:00:00Z&limit=1')).resolves.toHaveLength(1);
  });

  test.each([
    'from=yesterday',
    'from=2026-02-30T00:00:00Z',
    'from=2026-W01',
    'to=2026-11-02',
    'limit=0',
    'limit=201',
    'cursor=x',
    'cursor=-1',
    'action=a&action=b',
    'actor=petra',
  ])('then %s is answered 400', async (query) => {
    expect((await ask(query)).status).toBe(400);
  });

  test('then a cursor of another list, or of another company, is answered 422', async () => {
    expect((await ask('cursor=999999999999999999')).status).toBe(422);
    expect((await ask('cursor=2')).status).toBe(422);
  });
});

test('When somebody else asks for the audit log, then he gets 403, and the officer sees that he tried', async () => {
  expect((await ask('', { roles: ['recruiter', 'client-admin', 'candidate'], sub: 'rita' })).status).toBe(403);
  expect((await ask('', { roles: ['recruiter'], sub: 'rita' })).status).toBe(403);
  const { items } = await page('limit=1');
  expect(items).toMatchObject([{ actor: 'rita', action: 'GET /v1/audit-log', outcome: 'refused' }]);
});
