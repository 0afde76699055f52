import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ServiceConfig } from '#service';
import { startTestService, type TestService } from '../../../../test/support/test-service.js';
import { AppModule } from '../app.module.js';
import { migrations } from '../migrations/index.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService({
    service: 'workflow-service',
    config: ServiceConfig,
    module: (config) => AppModule.forConfig(config),
    migrations,
  });
});
afterAll(() => service.stop());

interface Asked {
  readonly tenantId?: string;
  readonly role?: string;
  readonly body?: string;
}

async function ask(method: string, path: string, { tenantId = randomUUID(), role = 'client-admin', body }: Asked = {}) {
  const token = await service.token({ subject: 'somebody', tenantId, roles: [role] });
  const headers = { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) };
  const response = await fetch(`${service.url}${path}`, { method, headers, ...(body ? { body } : {}) });
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
}

const put = (trigger: string, name: string, tenantId: string) =>
  ask('PUT', `/v1/workflows/${trigger}`, { tenantId, body: JSON.stringify({ name }) });
const list = async (tenantId: string) => JSON.parse((await ask('GET', '/v1/workflows', { tenantId })).text).workflows;

test('When a workflow is put twice, then there is one, with the newer name and the same id', async () => {
  const tenantId = randomUUID();
  const first = await put('import', 'Ask to opt in', tenantId);
  const second = await put('import', 'Ask again', tenantId);
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(JSON.parse(second.text).id).toBe(JSON.parse(first.text).id);
  expect(await list(tenantId)).toMatchObject([{ trigger: 'import', name: 'Ask again' }]);
});

test('When workflows are put, then it is written down who did it, with ids and codes only', async () => {
  const tenantId = randomUUID();
  const { id } = JSON.parse((await put('import', 'Ask to opt in', tenantId)).text);
  await put('birthday', 'Never', tenantId);
  await put('import', '', tenantId);
  const written = await service.db.query(
    `SELECT actor, target, detail FROM audit_log WHERE tenant_id = $1 AND action = 'workflow.put'`,
    [tenantId],
  );
  expect(written).toEqual([{ actor: 'somebody', target: id, detail: { trigger: 'import' } }]);
});

test('When another tenant has workflows, then they are not listed', async () => {
  await put('manual', 'Theirs', randomUUID());
  expect(await list(randomUUID())).toEqual([]);
});

test.each(['recruiter', 'candidate', 'privacy-officer', 'vendor-staff'])(
  'When a %s asks, then the answer is 403',
  async (role) => {
    expect((await ask('GET', '/v1/workflows', { role })).status).toBe(403);
    expect((await ask('PUT', '/v1/workflows/manual', { role, body: '{"name":"Mine"}' })).status).toBe(403);
  },
);

test('When there is no token, then the answer is 401', async () => {
  const response = await fetch(`${service.url}/v1/workflows`);
  expect(response.status).toBe(401);
});

const bad: [string, string, string, number][] = [
  ['JSON is broken', 'manual', '{"name":', 400],
  ['the name is missing', 'manual', '{}', 400],
  ['the name is no text', 'manual', '{"name":7}', 400],
  ['the name is too long', 'manual', JSON.stringify({ name: 'x'.repeat(201) }), 400],
  ['the name has control characters', 'manual', JSON.stringify({ name: 'a\u0000b' }), 400],
  ['a field is unknown', 'manual', JSON.stringify({ name: 'Mine', surname: 'Jane Doe' }), 400],
  ['the trigger is unknown', 'birthday', JSON.stringify({ name: 'Mine' }), 404],
];

test.each(bad)('When %s, then it is refused and nothing is written', async (_, trigger, body, status) => {
  const tenantId = randomUUID();
  const answer = await ask('PUT', `/v1/workflows/${trigger}`, { tenantId, body });
  expect(answer.status).toBe(status);
  expect(answer.type).toMatch('application/problem+json');
  expect(answer.text).not.toMatch(/Jane|surname|birthday/);
  expect(await list(tenantId)).toEqual([]);
});
