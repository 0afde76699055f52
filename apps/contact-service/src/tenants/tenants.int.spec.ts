import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { many } from '../../../../test/support/make.js';
import { aTenant, type ContactService, startContactService, tenantFacts } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

test('When vendor staff set up a client company, then expunge is off, and the others are told what is not personal', async () => {
  const { staff } = await aTenant(service);
  const tenantId = randomUUID();
  const answer = await service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, tenantFacts);
  expect(answer).toMatchObject({ status: 200, body: { id: tenantId, expungePolicy: 'off', revision: 1 } });
  const data = { tenantId, revision: 1, ...tenantFacts };
  expect(await service.said(tenantId)).toEqual([{ type: 'TenantChanged', key: tenantId, data }]);
});

test('When everything is as long as allowed, then the others can read what they are told', async () => {
  const { staff } = await aTenant(service);
  const tenantId = randomUUID();
  const facts = {
    name: '🦊'.repeat(200),
    mailDomain: `${'a'.repeat(63)}.${'b'.repeat(63)}.example`,
    languages: many(20, () => 'zh-Hant-TW'),
    privacyContact: 'ÿ'.repeat(320),
  };
  expect(await service.call(staff, 'PUT', `/v1/tenants/${tenantId.toUpperCase()}`, facts)).toMatchObject({
    status: 200,
  });
  expect(await service.said(tenantId)).toMatchObject([{ type: 'TenantChanged', data: { tenantId, ...facts } }]);
});

test('When it is put again, then only a change grows the revision and is announced', async () => {
  const { staff, tenantId } = await aTenant(service, 'off');
  const put = (facts: object) => service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, facts);
  expect(await put(tenantFacts)).toMatchObject({ status: 200, body: { revision: 1 } });
  const { mailDomain: _, ...less } = tenantFacts;
  const renamed = { ...less, name: 'Ημέρα Α.Ε.', languages: ['el'] };
  expect((await put(renamed)).body).toMatchObject({ ...renamed, revision: 2, mailDomain: null });
  expect((await service.said(tenantId)).map(({ data }) => data.revision)).toEqual([1, 2]);
});

test('When expunge is enabled, then the mail domain cannot be taken away', async () => {
  const { staff, tenantId } = await aTenant(service, 'permanent');
  const { mailDomain: _, ...less } = tenantFacts;
  const answer = await service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, less);
  expect(answer).toMatchObject({ status: 409, body: { code: 'mail-domain-missing' } });
  const now = await service.call(staff, 'GET', `/v1/tenants/${tenantId}`);
  expect(now.body).toMatchObject({ mailDomain: tenantFacts.mailDomain, revision: 1 });
});

test('When its facts are put, then expunge stays as the two sides have agreed', async () => {
  const { staff, tenantId } = await aTenant(service, 'permanent');
  const answer = await service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, { ...tenantFacts, name: 'Acme AG' });
  expect(answer.body).toMatchObject({ name: 'Acme AG', expungePolicy: 'permanent' });
  expect(Object.keys(answer.body)).not.toContain('expungeFrom');
});

test('When it is created and changed, then the audit log says so, and that nothing was changed it does not', async () => {
  const { staff, tenantId } = await aTenant(service, 'off');
  const put = (name: string) => service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, { ...tenantFacts, name });
  for (const name of ['Acme AG', 'Acme AG']) await put(name);
  const logged = await service.db.query('SELECT actor, action FROM audit_log WHERE tenant_id = $1 ORDER BY seq', [
    tenantId,
  ]);
  expect(logged).toEqual(['tenant.created', 'tenant.changed'].map((action) => ({ actor: staff.subject, action })));
});

test('When two staff members set up the same company at once, then it is announced once', async () => {
  const { staff } = await aTenant(service);
  const tenantId = randomUUID();
  const puts = Array.from({ length: 6 }, () => service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, tenantFacts));
  for (const answer of await Promise.all(puts)) expect(answer.body).toMatchObject({ revision: 1 });
  expect(await service.said(tenantId)).toHaveLength(1);
});

test('When two changes meet at the lock, then both are made, one after the other', async () => {
  const { staff, tenantId } = await aTenant(service);
  const held = { sql: 'SELECT 1 FROM tenant WHERE id = $1 FOR UPDATE', values: [tenantId], waiting: 2 };
  const put = (name: string) => service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, { ...tenantFacts, name });
  await service.whileHeld(held, () => Promise.all([put('One'), put('Two')]));
  expect((await service.said(tenantId)).map(({ data }) => data.revision)).toEqual([1, 2, 3]);
});

test('When a company is read, then staff see every one and a client admin the own one only', async () => {
  const [mine, other] = [await aTenant(service), await aTenant(service)];
  const read = async (caller: typeof mine.staff | undefined, id: string) =>
    (await service.call(caller, 'GET', `/v1/tenants/${id}`)).status;
  expect(await read(mine.staff, other.tenantId)).toBe(200);
  expect(await read(mine.admin, mine.tenantId)).toBe(200);
  expect(await read(mine.admin, other.tenantId)).toBe(404);
  expect(await read(mine.staff, randomUUID())).toBe(404);
  expect(await read(mine.recruiter, mine.tenantId)).toBe(403);
  expect(await read(undefined, mine.tenantId)).toBe(401);
});

test.each([
  ['a missing name', { name: undefined }],
  ['a policy, which takes two sides', { expungePolicy: 'permanent' }],
  ['null for a domain', { mailDomain: null }],
  ['no languages', { languages: [] }],
  ['a language that is none', { languages: ['english please'] }],
  ['languages that are no list', { languages: 'en' }],
  ['a language with an underscore', { languages: ['en_US'] }],
  ['a language in upper case', { languages: ['DE'] }],
  ['an over-long language', { languages: [`en${'-latn'.repeat(8)}`] }],
  ['21 languages', { languages: many(21, () => 'en') }],
  ['an over-long name', { name: 'x'.repeat(201) }],
  ['an over-long privacy contact', { privacyContact: 'x'.repeat(321) }],
  ['a domain that is none', { mailDomain: 'not a domain' }],
  ['an unknown field', { revision: 7 }],
])('When a company is put with %s, then it is answered 400 and nothing is written', async (_, wrong) => {
  const { staff } = await aTenant(service);
  const tenantId = randomUUID();
  const answer = await service.call(staff, 'PUT', `/v1/tenants/${tenantId}`, { ...tenantFacts, ...wrong });
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input' } });
  expect(await service.call(staff, 'GET', `/v1/tenants/${tenantId}`)).toMatchObject({ status: 404 });
});

test('When anybody else puts a company, then it is refused', async () => {
  const { tenantId, admin, recruiter } = await aTenant(service, 'off');
  for (const caller of [admin, recruiter]) {
    expect(await service.call(caller, 'PUT', `/v1/tenants/${tenantId}`, tenantFacts)).toMatchObject({ status: 403 });
  }
  expect(await service.call(undefined, 'PUT', `/v1/tenants/${tenantId}`, tenantFacts)).toMatchObject({ status: 401 });
  expect(await service.said(tenantId)).toHaveLength(1);
});
