import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ConfigurationError, loadConfig } from '#service';
import { type Asks, startWorkflowService, STEPS, type WorkflowTestService } from '../../test/workflow-test-service.js';
import { WorkflowConfig } from '../config.js';
import type { WorkflowView } from './workflow-view.js';

let service: WorkflowTestService;

beforeAll(async () => {
  service = await startWorkflowService();
});
afterAll(() => service.stop());

const PATH = '/v1/workflows';
const aClient = (): Asks => ({ tenantId: randomUUID() });
const wanted = { name: 'Ask to opt in', trigger: 'import', steps: STEPS };

async function aDraft(asks: Asks, more: object = {}): Promise<WorkflowView> {
  const { status, body, text } = await service.call(asks, 'POST', PATH, { ...wanted, ...more });
  if (status !== 201) throw new Error(`answered ${status}: ${text}`);
  return body;
}
const list = async (asks: Asks) =>
  (await service.call<{ workflows: WorkflowView[] }>(asks, 'GET', PATH)).body.workflows;

describe('A workflow', () => {
  test('When it is created from a template, then it is a draft with its steps', async () => {
    const asks = aClient();
    const { body } = await service.call<{ templates: { id: string }[] }>(asks, 'GET', '/v1/workflow-templates');
    expect(body.templates).toMatchObject([
      { id: 'imported-opt-in-30-days', name: 'Imported contact opt-in, 30 days', trigger: 'import' },
      { id: 'added-opt-in-30-days', trigger: 'manual' },
    ]);
    for (const { id: template } of body.templates) {
      const draft = await service.call(asks, 'POST', PATH, { template });
      expect(draft).toMatchObject({ status: 201, body: { state: 'draft', revision: 1 } });
      expect(draft.body.versions).toMatchObject([{ number: 1, state: 'draft', steps: STEPS }]);
      expect((await service.call(asks, 'GET', `${PATH}/${draft.body.id}`)).body).toEqual(draft.body);
    }
    const named = await service.call(asks, 'POST', PATH, { template: 'imported-opt-in-30-days', name: 'Ours' });
    expect(named.body).toMatchObject({ name: 'Ours', trigger: 'import' });
    expect(await list(asks)).toHaveLength(3);
  });

  test('When a draft is changed, then its one version is; when an active one is, then a draft version is made beside it', async () => {
    const asks = aClient();
    const { id } = await aDraft(asks);
    const steps = [{ action: 'send-opt-in' }];
    const change = {
      revision: 1,
      name: 'Renamed',
      steps,
      filter: { countries: ['DE'] },
      startsAt: '2026-01-01T00:00:00Z',
    };
    const changed = await service.call(asks, 'PUT', `${PATH}/${id}`, change);
    expect(changed).toMatchObject({ status: 200, body: { name: 'Renamed', revision: 2 } });
    expect(changed.body.versions).toMatchObject([
      { number: 1, steps, filter: { countries: ['DE'], importIds: [] }, startsAt: '2026-01-01T00:00:00.000Z' },
    ]);
    await service.call(asks, 'POST', `${PATH}/${id}/activate`, { revision: 2 });
    const again = await service.call(asks, 'PUT', `${PATH}/${id}`, { revision: 3, name: 'Renamed', steps: STEPS });
    expect(again.body.versions).toMatchObject([
      { number: 2, state: 'draft', steps: STEPS },
      { number: 1, state: 'active', steps, activatedBy: 'carl' },
    ]);
    const active = await service.call<{ workflow: WorkflowView }>(asks, 'POST', `${PATH}/${id}/activate`, {
      revision: 4,
    });
    expect(active.body.workflow.versions).toMatchObject([
      { number: 2, state: 'active', steps: STEPS },
      { number: 1, state: 'retired', steps },
    ]);
  });

  test('When two people change it, then the second is told and nothing of his is written', async () => {
    const asks = aClient();
    const { id } = await aDraft(asks);
    const change = { revision: 1, name: 'Mine', steps: STEPS };
    const answers = await Promise.all([1, 2, 3].map(() => service.call(asks, 'PUT', `${PATH}/${id}`, change)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    for (const verb of ['activate', 'approve', 'archive']) {
      const late = await service.call(asks, 'POST', `${PATH}/${id}/${verb}`, { revision: 1 });
      expect(late).toMatchObject({ status: 409, body: { code: 'changed-meanwhile' } });
    }
  });

  test('When it is duplicated, then the copy is a draft that says what the newest version says', async () => {
    const asks = aClient();
    const { id } = await aDraft(asks, { filter: { countries: ['FR'] } });
    await service.call(asks, 'POST', `${PATH}/${id}/archive`, { revision: 1 });
    const copy = await service.call(asks, 'POST', `${PATH}/${id}/duplicate`, { name: 'Once more' });
    expect(copy).toMatchObject({
      status: 201,
      body: { name: 'Once more', state: 'draft', trigger: 'import', revision: 1 },
    });
    expect(copy.body.versions).toMatchObject([
      { number: 1, state: 'draft', steps: STEPS, filter: { countries: ['FR'] } },
    ]);
    expect(copy.body.id).not.toBe(id);
  });

  test('When it is archived, then it cannot be changed or activated any more', async () => {
    const asks = aClient();
    const { id } = await aDraft(asks);
    expect(await service.call(asks, 'POST', `${PATH}/${id}/archive`, { revision: 1 })).toMatchObject({
      status: 200,
      body: { state: 'archived', revision: 2 },
    });
    const change = { revision: 2, name: 'Mine', steps: STEPS };
    expect(await service.call(asks, 'PUT', `${PATH}/${id}`, change)).toMatchObject({
      status: 409,
      body: { code: 'archived' },
    });
    const activation = await service.call(asks, 'POST', `${PATH}/${id}/activate`, { revision: 2 });
    expect(activation).toMatchObject({ status: 409, body: { code: 'archived' } });
  });

  test('When something is done to it, then it is written down who did it, with ids and codes only', async () => {
    const asks = aClient();
    const { id } = await aDraft(asks);
    await service.call(asks, 'PUT', `${PATH}/${id}`, { revision: 1, name: 'Secret', steps: STEPS });
    await service.call(asks, 'POST', `${PATH}/${id}/activate`, { revision: 2 });
    await service.call(asks, 'POST', `${PATH}/${id}/archive`, { revision: 3 });
    const rows = await service.db.query(
      `SELECT actor, target, action, detail FROM audit_log WHERE tenant_id = $1 AND outcome = 'done' ORDER BY seq`,
      [asks.tenantId],
    );
    expect(rows).toEqual([
      { actor: 'carl', target: id, action: 'workflow.created', detail: { trigger: 'import' } },
      { actor: 'carl', target: id, action: 'workflow.changed', detail: { revision: 2 } },
      { actor: 'carl', target: id, action: 'workflow.activated', detail: { version: 1, affected: 0 } },
      { actor: 'carl', target: id, action: 'workflow.archived', detail: {} },
    ]);
  });
});

describe('The list', () => {
  const page = (asks: Asks, query: string) =>
    service.call<{ workflows: WorkflowView[]; next?: string; code?: string }>(asks, 'GET', `${PATH}?${query}`);

  test('When somebody pages while workflows are created, also at the same time, then each is seen once, by trigger and newest first', async () => {
    const asks = aClient();
    const drafts: WorkflowView[] = [];
    for (const trigger of ['import', 'manual', 'import', 'manual', 'import', 'manual', 'import']) {
      drafts.push(await aDraft(asks, { trigger }));
    }
    // Two of the same moment, on both sides of the end of a page.
    const [, oldManual, , manual] = drafts;
    await service.db.query(
      'UPDATE workflow SET created_at = (SELECT created_at FROM workflow WHERE id = $1) WHERE id = $2',
      [oldManual!.id, manual!.id],
    );
    const seen: string[] = [];
    let after = '';
    do {
      const { body } = await page(asks, `limit=3${after}`);
      expect(body.workflows.length).toBeLessThanOrEqual(3);
      seen.push(...body.workflows.map(({ id }) => id));
      after = body.next === undefined ? '' : `&after=${body.next}`;
      await aDraft(asks, { trigger: 'import' });
    } while (after);
    const ids = (numbers: number[]) => numbers.map((n) => drafts[n]!.id);
    const sameMoment = ids([1, 3]).sort().toReversed();
    expect(seen).toEqual([...ids([6, 4, 2, 0, 5]), ...sameMoment]);
  });

  test('When nothing is said, then 50 are shown; when a page ends with the last one, then there is no next', async () => {
    const asks = aClient();
    await Promise.all(Array.from({ length: 51 }, () => aDraft(asks)));
    const { body } = await page(asks, '');
    expect([body.workflows.length, body.next]).toEqual([50, body.workflows[49]!.id]);
    expect((await page(asks, `after=${body.next}`)).body).toEqual({ workflows: [expect.anything()] });
    expect((await page(asks, 'limit=51')).body.next).toBeUndefined();
  });

  test('When it is to go on after a workflow of nobody, or of another client, then it is refused', async () => {
    const { id } = await aDraft(aClient());
    for (const after of [id, randomUUID()]) {
      expect(await page(aClient(), `after=${after}`)).toMatchObject({ status: 422, body: { code: 'unknown-cursor' } });
    }
  });

  test.each(['limit=0', 'limit=201', 'limit=ten', 'after=1', 'tenantId=x', 'limit=1&limit=2'])(
    'When it is asked for with %s, then the answer is 400',
    async (query) => {
      expect((await page(aClient(), query)).status).toBe(400);
    },
  );
});

describe('Somebody else', () => {
  test('When another client asks, then there is nothing', async () => {
    const { id } = await aDraft(aClient());
    const asks = aClient();
    expect(await list(asks)).toEqual([]);
    const bodies: [string, string, unknown?][] = [
      ['GET', ''],
      ['PUT', '', { revision: 1, name: 'Mine', steps: STEPS }],
      ['GET', '/dry-run'],
      ['POST', '/activate', { revision: 1 }],
      ['POST', '/approve', { revision: 1 }],
      ['POST', '/archive', { revision: 1 }],
      ['POST', '/duplicate', { name: 'Mine' }],
      ['GET', '/enrolments'],
    ];
    for (const [method, rest, body] of bodies) {
      expect([method + rest, (await service.call(asks, method, `${PATH}/${id}${rest}`, body)).status]).toEqual([
        method + rest,
        404,
      ]);
      expect((await service.call(asks, method, `${PATH}/manual${rest}`, body)).status).toBe(404);
    }
  });

  test.each(['candidate', 'privacy-officer', 'vendor-staff'])(
    'When a %s asks, then the answer is 403',
    async (role) => {
      const asks = { ...aClient(), role };
      expect((await service.call(asks, 'GET', PATH)).status).toBe(403);
      expect((await service.call(asks, 'POST', PATH, wanted)).status).toBe(403);
    },
  );

  test('When a recruiter asks, then workflows and who waits in them are shown, and cannot be changed', async () => {
    const asks = aClient();
    const { id } = await aDraft(asks);
    const recruiter = { ...asks, role: 'recruiter' };
    for (const rest of ['', `/${id}`, `/${id}/enrolments`]) {
      expect((await service.call(recruiter, 'GET', PATH + rest)).status).toBe(200);
    }
    expect((await service.call(recruiter, 'POST', PATH, wanted)).status).toBe(403);
    expect((await service.call(recruiter, 'PUT', `${PATH}/${id}`, { revision: 1, ...wanted })).status).toBe(403);
    expect((await service.call(recruiter, 'POST', `${PATH}/${id}/archive`, { revision: 1 })).status).toBe(403);
  });

  test('When there is no token, then the answer is 401', async () => {
    expect((await fetch(`${service.url}${PATH}`)).status).toBe(401);
  });
});

describe('Bad input', () => {
  const bad: [string, unknown][] = [
    ['JSON is broken', '{"name":'],
    ['nothing is said', {}],
    ['the name is missing', { trigger: 'manual', steps: STEPS }],
    ['the name is no text', { ...wanted, name: 7 }],
    ['the name is too long', { ...wanted, name: 'x'.repeat(201) }],
    ['the name has control characters', { ...wanted, name: 'a\u0000b' }],
    ['a field is unknown', { ...wanted, surname: 'Jane Doe' }],
    ['the trigger is unknown', { ...wanted, trigger: 'birthday' }],
    ['people who signed up are to be asked', { ...wanted, trigger: 'career-site' }],
    ['the template is unknown', { template: 'nothing' }],
    ['an action is unknown', { ...wanted, steps: [{ action: 'constructor' }] }],
    ['a wait has no length', { ...wanted, steps: [{ action: 'wait' }] }],
    ['a wait is negative', { ...wanted, steps: [{ action: 'wait', seconds: -1 }] }],
    ['a wait is endless', { ...wanted, steps: [{ action: 'wait', seconds: 1e12 }] }],
    ['a wait is a text', { ...wanted, steps: [{ action: 'wait', seconds: '60' }] }],
    ['an action is told what it does not know', { ...wanted, steps: [{ action: 'expunge', seconds: 60 }] }],
    ['there are too many steps', { ...wanted, steps: Array.from({ length: 21 }, () => ({ action: 'send-opt-in' })) }],
    ['the filter is a list', { ...wanted, filter: [] }],
    ['a country is none', { ...wanted, filter: { countries: ['XX'] } }],
    ['a country is in lower case', { ...wanted, filter: { countries: ['de'] } }],
    ['the filter asks for a person', { ...wanted, filter: { email: 'jane.doe@example.com' } }],
    ['an import is none', { ...wanted, filter: { importIds: ['1'] } }],
    ['a time has no zone', { ...wanted, startsAt: '2026-01-01T00:00:00' }],
  ];

  test.each(bad)('When %s, then it is refused and nothing is written', async (_, body) => {
    const asks = aClient();
    const answer = await service.call(asks, 'POST', PATH, body);
    expect(answer.status).toBe(400);
    expect(answer.type).toMatch('application/problem+json');
    expect(answer.text).not.toMatch(/Jane|jane|surname|birthday/);
    expect(await list(asks)).toEqual([]);
  });
});

describe('The configuration', () => {
  const base = {
    HTTP_PORT: '0',
    DATABASE_URL: 'postgres://a@b/c',
    KAFKA_BROKERS: 'localhost:1',
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://issuer.test/jwks',
  };
  const load = (env: Record<string, string>) => () => loadConfig(WorkflowConfig, { ...base, ...env });

  test('When a grace of seconds is allowed in production, then the service does not start', () => {
    const seconds = { SHORTEST_GRACE_SECONDS: '5' };
    expect(load({ ...seconds, NODE_ENV: 'production' })).toThrow(ConfigurationError);
    expect(load({ SHORTEST_GRACE_SECONDS: '3599', NODE_ENV: 'production' })).toThrow('SHORTEST_GRACE_SECONDS');
    expect(load({ SHORTEST_GRACE_SECONDS: '3600', NODE_ENV: 'production' })()).toMatchObject({
      SHORTEST_GRACE_SECONDS: 3_600,
    });
    expect(load(seconds)()).toMatchObject({ SHORTEST_GRACE_SECONDS: 5, ACTIVATION_SECOND_PERSON_ABOVE: 500 });
    expect(load({ NODE_ENV: 'production' })()).toMatchObject({ SHORTEST_GRACE_SECONDS: 3_600 });
  });
});
