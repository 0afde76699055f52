import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  anAccount,
  aTenant,
  type Caller,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const reason = 'An import marked the wrong people.';
const set = ({ tenantId }: { tenantId: string }, caller: Caller, on: unknown) =>
  service.call(caller, 'PUT', `/v1/tenants/${tenantId}/kill-switch`, { on, reason });
const read = ({ tenantId, officer }: TestTenant, caller = officer, query = '') =>
  service.call(caller, 'GET', `/v1/tenants/${tenantId}/kill-switch${query}`);

const stateOf = async (contactId: string): Promise<string | undefined> => {
  const [row]: { state: string }[] = await service.db.query('SELECT state FROM contact WHERE id = $1', [contactId]);
  return row?.state;
};
const saidAbout = async (contactId: string) => (await service.said(contactId)).map(({ type }) => type);

test('When the kill switch is on, then no expunge begins, none is lost, and it begins by itself with the release', async () => {
  const tenant = await aTenant(service);
  const { candidate, contactId } = await anAccount(service, tenant);
  const { body: on } = await set(tenant, tenant.staff, true);
  expect(on).toEqual({ on: true, since: expect.any(String) });
  const clicked = await service.call(candidate, 'DELETE', '/v1/account');
  expect(clicked).toMatchObject({ status: 202, body: { outcome: 'waiting' } });
  expect(await saidAbout(contactId)).not.toContain('ExpungeRequested');
  expect((await set(tenant, tenant.admin, false)).body).toEqual({ on: false });
  const deadline = performance.now() + 40_000;
  while ((await stateOf(contactId)) !== 'expunging') expect(performance.now()).toBeLessThan(deadline);
  const [requested] = (await service.said(contactId)).filter(({ type }) => type === 'ExpungeRequested');
  expect(requested?.data.expungeId).toBe(clicked.body.expungeId);
});

test('When another client has it on, then expunges go on here', async () => {
  const [tenant, elsewhere] = [await aTenant(service), await aTenant(service)];
  await set(elsewhere, elsewhere.officer, true);
  const { candidate } = await anAccount(service, tenant);
  expect((await service.call(candidate, 'DELETE', '/v1/account')).body).toMatchObject({ outcome: 'expunging' });
});

test('When a click waits for the kill switch at the lock, then it obeys it', async () => {
  const tenant = await aTenant(service);
  const { candidate } = await anAccount(service, tenant);
  const held = { sql: 'UPDATE tenant SET kill_switch_since = now() WHERE id = $1', values: [tenant.tenantId] };
  const clicked = await service.whileHeld(held, () => service.call(candidate, 'DELETE', '/v1/account'));
  expect(clicked.body).toMatchObject({ outcome: 'waiting' });
});

test('When it is set as it is already, then nothing changes and nothing is recorded', async () => {
  const tenant = await aTenant(service);
  expect((await set(tenant, tenant.staff, false)).body).toEqual({ on: false });
  const first = await set(tenant, tenant.staff, true);
  const six = await Promise.all(Array.from({ length: 6 }, () => set(tenant, tenant.admin, true)));
  for (const { body } of six) expect(body).toEqual(first.body);
  expect((await read(tenant)).body).toMatchObject({ ...first.body, history: [{ on: true, by: 'staff', reason }] });
});

test('When vendor, client admin and officer have used it, then each sees the history in pages and the log says who', async () => {
  const tenant = await aTenant(service);
  const people = [tenant.staff, tenant.admin, tenant.officer];
  for (const [nth, caller] of people.entries()) {
    expect(await set(tenant, caller, nth % 2 === 0)).toMatchObject({ status: 200, body: { on: nth % 2 === 0 } });
  }
  const newestFirst = people.map(({ subject: by }) => expect.objectContaining({ by })).reverse();
  const first = (await read(tenant, tenant.admin, '?limit=2')).body as { history: object[]; next: string };
  const rest = (await read(tenant, tenant.staff, `?limit=2&before=${first.next}`)).body as { history: object[] };
  expect([...first.history, ...rest.history]).toEqual(newestFirst);
  expect(rest).not.toHaveProperty('next');
  const logged: { actor: string; action: string }[] = await service.db.query(
    `SELECT actor, action FROM audit_log WHERE tenant_id = $1 AND action LIKE 'kill-switch.%' ORDER BY seq`,
    [tenant.tenantId],
  );
  const actions = ['kill-switch.switched-on', 'kill-switch.released', 'kill-switch.switched-on'];
  expect(logged).toEqual(actions.map((action, nth) => ({ action, actor: people[nth]?.subject })));
});

test('When somebody else wants to see or set it, then it is refused', async () => {
  const [tenant, elsewhere] = [await aTenant(service), await aTenant(service)];
  for (const stranger of [elsewhere.admin, elsewhere.officer]) {
    expect(await set(tenant, stranger, true)).toMatchObject({ status: 404 });
    expect(await read(tenant, stranger)).toMatchObject({ status: 404 });
  }
  expect(await set({ tenantId: randomUUID() }, tenant.staff, true)).toMatchObject({ status: 404 });
  expect(await set(tenant, tenant.recruiter, true)).toMatchObject({ status: 403 });
  expect(await set(tenant, tenant.admin, 'on')).toMatchObject({ status: 400 });
  expect((await read(tenant)).body).toEqual({ on: false, history: [] });
});
