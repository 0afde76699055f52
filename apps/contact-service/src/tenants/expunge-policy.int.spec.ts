import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DAY, fromNow, HOUR, policyOf } from '../../test/policy.js';
import {
  anAccount,
  aTenant,
  type Caller,
  checklist,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const ascending = (a: number, b: number): number => a - b;
const other = (caller: Caller): Caller => ({ ...caller, subject: `other-${caller.subject}` });
const press = async (tenant: TestTenant) =>
  (await service.call((await anAccount(service, tenant)).candidate, 'DELETE', '/v1/account')).body.outcome;

/** As if that much time had passed since the request was made. */
const age = (id: unknown, ms: number): Promise<unknown> =>
  service.db.query(
    `UPDATE expunge_policy_change SET effective_at = effective_at - $2 * interval '1 millisecond' WHERE id = $1`,
    [id, ms],
  );
describe('enabling expunge', () => {
  test.each([
    ['the vendor', (tenant: TestTenant) => [tenant.staff, tenant.admin]],
    ['the client', (tenant: TestTenant) => [tenant.admin, tenant.staff]],
  ])('When %s asks and the other side approves, then Delete Account removes for good', async (_, sides) => {
    const tenant = await aTenant(service, 'off');
    const [asks, approves] = sides(tenant) as [Caller, Caller];
    const asked = await policyOf(service, tenant).request(asks);
    expect(asked).toMatchObject({ status: 201, body: { state: 'requested', requestedBy: asks.subject, checklist } });
    expect((await policyOf(service, tenant).read()).body).toMatchObject({ inForce: 'off', pending: asked.body });
    expect(await press(tenant)).toBe('disabled');
    const approved = await policyOf(service, tenant).approve(approves, asked.body.id);
    expect(approved).toMatchObject({ status: 200, body: { state: 'in-force', approvedBy: approves.subject } });
    const { body } = await policyOf(service, tenant).read();
    expect(body).toMatchObject({ inForce: 'permanent', since: approved.body.inForceFrom, softDeleted: 'keep' });
    expect(body).not.toHaveProperty('pending');
    expect(await press(tenant)).toBe('expunging');
  });

  test('When the own side, or whoever asked, approves, then it stays off', async () => {
    const tenant = await aTenant(service, 'off');
    const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
    const both: Caller = { ...tenant.admin, subject: tenant.staff.subject };
    const twoHats: Caller = { ...tenant.admin, roles: ['client-admin', 'vendor-staff'] };
    for (const [caller, code] of [
      [tenant.staff, 'own-request'],
      [both, 'own-request'],
      [other(tenant.staff), 'own-side'],
      [twoHats, 'own-side'],
    ] as const) {
      expect(await policyOf(service, tenant).approve(caller, id)).toMatchObject({ status: 409, body: { code } });
    }
    expect((await policyOf(service, tenant).read()).body).toMatchObject({ inForce: 'off', pending: { id } });
  });

  test('When six approve at once, then one approval counts', async () => {
    const tenant = await aTenant(service, 'off');
    const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
    const approvals = Array.from({ length: 6 }, () => policyOf(service, tenant).approve(tenant.admin, id));
    const statuses = (await Promise.all(approvals)).map(({ status }) => status);
    expect(statuses.toSorted(ascending)).toEqual([200, 409, 409, 409, 409, 409]);
  });

  test('When six ask at once, then there is one request', async () => {
    const tenant = await aTenant(service, 'off');
    const answers = await Promise.all(Array.from({ length: 6 }, () => policyOf(service, tenant).request(tenant.staff)));
    expect(answers.map(({ status }) => status).toSorted(ascending)).toEqual([201, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'request-open' });
  });

  test('When it was not approved within 30 days of its date, then it cannot be, and makes way for another', async () => {
    const tenant = await aTenant(service, 'off');
    const { id } = (await policyOf(service, tenant).request(tenant.admin)).body;
    await age(id, 30 * DAY + HOUR);
    expect(await policyOf(service, tenant).approve(tenant.staff, id)).toMatchObject({
      status: 409,
      body: { code: 'request-expired' },
    });
    expect((await policyOf(service, tenant).read()).body).not.toHaveProperty('pending');
    const next = await policyOf(service, tenant).request(tenant.admin);
    expect(next.status).toBe(201);
    expect((await policyOf(service, tenant).read()).body.history).toMatchObject([
      { id: next.body.id },
      { id, state: 'expired' },
    ]);
  });

  test('When a request is withdrawn by either side, then it cannot be approved and the answer stays the same', async () => {
    const tenant = await aTenant(service, 'off');
    for (const withdraws of [tenant.staff, tenant.admin]) {
      const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
      const withdrawn = await policyOf(service, tenant).withdraw(withdraws, id);
      expect(withdrawn).toMatchObject({ status: 200, body: { state: 'withdrawn', closedBy: withdraws.subject } });
      expect((await policyOf(service, tenant).withdraw(tenant.staff, id)).body).toEqual(withdrawn.body);
      const approval = await policyOf(service, tenant).approve(tenant.admin, id);
      expect(approval).toMatchObject({ status: 409, body: { code: 'request-withdrawn' } });
    }
  });
});

describe('switching off', () => {
  test.each([
    ['permanent', 0, 'switched-off'],
    ['scheduled', HOUR, 'withdrawn'],
  ])('When either side switches off what is %s, then it is off at once, once', async (_, ahead, closing) => {
    for (const side of ['staff', 'admin'] as const) {
      const tenant = await aTenant(service, 'off');
      await tenant.setPolicy('permanent', { effectiveAt: fromNow(ahead) });
      expect(await policyOf(service, tenant).off(tenant[side])).toMatchObject({
        status: 200,
        body: { inForce: 'off' },
      });
      expect((await policyOf(service, tenant).off(tenant.staff)).body).toEqual({ inForce: 'off' });
      expect(await press(tenant)).toBe('disabled');
      const [last] = (await policyOf(service, tenant).read()).body.history as Record<string, unknown>[];
      const closed = { state: closing, closedBy: tenant[side].subject, closeReason: 'Not wanted any more.' };
      expect(last).toMatchObject(closed);
    }
  });

  test('When a request is open, then switching off closes it too: nothing can turn it on later', async () => {
    const tenant = await aTenant(service, 'off');
    const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
    await policyOf(service, tenant).off(tenant.admin);
    expect(await policyOf(service, tenant).approve(tenant.admin, id)).toMatchObject({
      body: { code: 'request-withdrawn' },
    });
  });

  test('When it is enabled already, then it cannot be asked for, approved or withdrawn again', async () => {
    const tenant = await aTenant(service);
    const [{ id }] = (await policyOf(service, tenant).read()).body.history as [{ id: string }];
    expect(await policyOf(service, tenant).request(tenant.admin)).toMatchObject({
      status: 409,
      body: { code: 'expunge-enabled' },
    });
    for (const verb of ['approve', 'withdraw'] as const) {
      expect(await policyOf(service, tenant)[verb](tenant.admin, id)).toMatchObject({
        status: 409,
        body: { code: 'already-approved' },
      });
    }
  });
});

describe('who sees it', () => {
  test('When many changes were made, then the history is read in pages, newest first', async () => {
    const tenant = await aTenant(service, 'off');
    const made: unknown[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
      await policyOf(service, tenant).withdraw(tenant.staff, id);
      made.unshift(id);
    }
    const seen: unknown[] = [];
    for (let query = '?limit=2'; query !== '';) {
      const { body } = await policyOf(service, tenant).read(tenant.admin, query);
      const { history, next } = body as { history: { id: string }[]; next?: string };
      seen.push(...history.map(({ id }) => id));
      query = next === undefined ? '' : `?limit=2&before=${next}`;
    }
    expect(seen).toEqual(made);
  });

  test('When somebody of another client, or nobody, comes, then there is nothing to see or to do', async () => {
    const [tenant, elsewhere] = [await aTenant(service, 'off'), await aTenant(service, 'off')];
    const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
    const stranger = elsewhere.admin;
    const answers = [
      await policyOf(service, tenant).read(stranger),
      await policyOf(service, tenant).request(stranger),
      await policyOf(service, tenant).approve(stranger, id),
      await policyOf(service, tenant).withdraw(stranger, id),
      await policyOf(service, elsewhere).approve(stranger, id),
      await policyOf(service, elsewhere).withdraw(elsewhere.staff, id),
      await policyOf(service, tenant).off(stranger),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 404 });
    for (const caller of [stranger, tenant.staff]) {
      const unknown = { ...tenant, tenantId: randomUUID() };
      expect(await policyOf(service, unknown).read(caller)).toMatchObject({
        status: 404,
        body: { code: 'unknown-tenant' },
      });
    }
    expect(await policyOf(service, tenant).approve(tenant.recruiter, id)).toMatchObject({ status: 403 });
    expect((await policyOf(service, tenant).read()).body).toMatchObject({ inForce: 'off', pending: { id } });
  });

  test('When something was done, then the audit log says who did what, once, without what was typed', async () => {
    const tenant = await aTenant(service);
    for (const side of [tenant.admin, tenant.staff]) await policyOf(service, tenant).off(side);
    const { id } = (await policyOf(service, tenant).request(tenant.admin)).body;
    await policyOf(service, tenant).withdraw(tenant.staff, id);
    const logged: { actor: string; action: string }[] = await service.db.query(
      'SELECT actor, action, detail FROM audit_log WHERE tenant_id = $1 ORDER BY seq',
      [tenant.tenantId],
    );
    expect(logged.map(({ actor, action }) => [actor, action]).slice(1)).toEqual([
      [tenant.staff.subject, 'expunge-policy.requested'],
      [tenant.admin.subject, 'expunge-policy.approved'],
      [tenant.admin.subject, 'expunge-policy.switched-off'],
      [tenant.admin.subject, 'expunge-policy.requested'],
      [tenant.staff.subject, 'expunge-policy.withdrawn'],
    ]);
    expect(JSON.stringify(logged)).not.toContain('wanted');
  });
});
