import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  aContact,
  aPerson,
  aTenant,
  anAccount,
  type ContactService,
  erase,
  startContactService,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const typesAbout = async (contactId: string) => (await service.said(contactId)).map(({ type }) => type);

test('When a person signs up, then the contact exists under the token subject and is announced without a name', async () => {
  const [tenant, person] = [await aTenant(service), { ...aPerson(), country: 'SE' }];
  const candidate = tenant.candidate();
  const answer = await service.call(candidate, 'POST', '/v1/account', person);
  expect(answer).toMatchObject({ status: 201, body: { ...person, source: 'career-site', state: 'active' } });
  expect(answer.text).not.toContain(candidate.subject);
  const contactId = String(answer.body.id);
  const about = {
    tenantId: tenant.tenantId,
    contactId,
    source: 'career-site',
    country: 'SE',
    at: answer.body.createdAt,
  };
  expect(await service.said(contactId)).toEqual([{ type: 'ContactAdded', key: contactId, data: about }]);
  expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 200, body: { id: contactId } });
});

test('When the same person signs up again, then the account is answered as it is and nothing is announced', async () => {
  const tenant = await aTenant(service);
  const { candidate, contactId } = await anAccount(service, tenant);
  const again = await service.call(candidate, 'POST', '/v1/account', { ...aPerson(), givenName: 'Another' });
  expect(again).toMatchObject({ status: 200, body: { id: contactId } });
  expect(again.body.givenName).not.toBe('Another');
  expect(await typesAbout(contactId)).toEqual(['ContactAdded']);
});

test('When one person signs up twice at once, then there is one contact', async () => {
  const tenant = await aTenant(service);
  const [candidate, person] = [tenant.candidate(), aPerson()];
  // A new contact needs a share of its tenant's row, so the first sign-up is held just before its insert.
  const held = { sql: 'SELECT 1 FROM tenant WHERE id = $1 FOR UPDATE', values: [tenant.tenantId], waiting: 2 };
  const signUp = () => service.call(candidate, 'POST', '/v1/account', person);
  const answers = await service.whileHeld(held, () => Promise.all([signUp(), signUp()]));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]));
  expect(answers[0]?.body).toEqual(answers[1]?.body);
});

test('When a sign-up waits at the lock while the old account is erased, then it is a new account', async () => {
  const tenant = await aTenant(service);
  const { candidate, contactId } = await anAccount(service, tenant);
  const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
  const signUp = () => service.call(candidate, 'POST', '/v1/account', aPerson());
  const answer = await service.whileHeld(held, signUp, (eraser) => erase(eraser, contactId));
  expect(answer).toMatchObject({ status: 201 });
  expect(answer.body.id).not.toBe(contactId);
  expect(await typesAbout(contactId)).toEqual(['ContactAdded']);
});

test('When a disabled person signs up again, then the same contact is enabled with what is given now', async () => {
  const tenant = await aTenant(service, 'off');
  const { candidate, contactId } = await anAccount(service, tenant);
  await service.call(candidate, 'DELETE', '/v1/account');
  const again = await service.call(candidate, 'POST', '/v1/account', { email: 'moved@example.org' });
  const body = { id: contactId, state: 'active', email: 'moved@example.org' };
  expect(again).toMatchObject({ status: 200, body });
  expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled', 'ContactEnabled']);
  expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 200, body });
});

test('When a recruiter has the address already, then the sign-up neither fails nor tells, and takes nothing over', async () => {
  const [tenant, person] = [await aTenant(service), aPerson()];
  const added = await aContact(service, tenant, person);
  const { contactId } = await anAccount(service, tenant, person);
  expect(contactId).not.toBe(added);
});

test('When the same subject comes from another tenant, then it is another person', async () => {
  const { candidate, contactId } = await anAccount(service, await aTenant(service));
  const elsewhere = { ...candidate, tenantId: (await aTenant(service)).tenantId };
  expect(await service.call(elsewhere, 'GET', '/v1/account')).toMatchObject({ status: 404 });
  const signUp = await service.call(elsewhere, 'POST', '/v1/account', aPerson());
  expect(signUp.status).toBe(201);
  expect(signUp.body.id).not.toBe(contactId);
});

test('When the sign-up lacks an address, the tenant is unknown, or the role is wrong, then there is no account', async () => {
  const tenant = await aTenant(service);
  const candidate = tenant.candidate();
  expect(await service.call(candidate, 'POST', '/v1/account', { givenName: 'Ana' })).toMatchObject({ status: 400 });
  expect(await service.call(candidate, 'POST', '/v1/account', { email: null })).toMatchObject({ status: 400 });
  expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 404 });
  const stranger = { ...candidate, tenantId: candidate.subject };
  const unknown = await service.call(stranger, 'POST', '/v1/account', aPerson());
  expect(unknown).toMatchObject({ status: 409, body: { code: 'unknown-tenant' } });
  expect(await service.call(tenant.recruiter, 'POST', '/v1/account', aPerson())).toMatchObject({ status: 403 });
  expect(await service.call(undefined, 'POST', '/v1/account', aPerson())).toMatchObject({ status: 401 });
});
