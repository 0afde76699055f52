import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aContact, aPerson, aTenant, anAccount, type ContactService, startContactService } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const contactsOf = async (tenantId: string): Promise<number> => {
  const [row] = await service.db.query('SELECT count(*)::int AS rows FROM contact WHERE tenant_id = $1', [tenantId]);
  return row.rows;
};

describe('adding', () => {
  test.each([
    ['a full person', { ...aPerson(), language: 'pt-BR', country: 'BR' }],
    ['a name only', { familyName: "O'Connor-Ngũgĩ" }],
    ['a phone number only', { phone: '+49 (30) 123-456' }],
    ['a name in Arabic', { givenName: 'فاطمة', familyName: 'الزهراء' }],
    ['a name in Japanese', { givenName: 'さくら', familyName: '山田' }],
    ['a name beyond the BMP', { givenName: '𠮷野', familyName: '👩‍🚀' }],
  ])(
    'When a recruiter adds %s, then it can be read again as it was given, and its id is announced',
    async (_, details) => {
      const tenant = await aTenant(service);
      const added = await service.call(tenant.recruiter, 'POST', '/v1/contacts', details);
      expect(added).toMatchObject({ status: 201, body: { ...details, source: 'manual', state: 'active' } });
      const path = `/v1/contacts/${String(added.body.id)}`;
      expect(added.headers.get('location')).toBe(path);
      expect((await service.call(tenant.recruiter, 'GET', path)).body).toEqual(added.body);
      const [said, ...more] = await service.said(String(added.body.id));
      expect(said).toMatchObject({ type: 'ContactAdded', data: { source: 'manual', tenantId: tenant.tenantId } });
      expect(more).toEqual([]);
    },
  );

  test('When the address is known in this tenant, in another case too, then only the id of that contact is told', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const id = await aContact(service, tenant, person);
    const again = { ...aPerson(), email: ` ${person.email.toUpperCase()} ` };
    const answer = await service.call(tenant.recruiter, 'POST', '/v1/contacts', again);
    expect(answer).toMatchObject({ status: 409, body: { code: 'address-taken', detail: `It is /v1/contacts/${id}.` } });
    for (const value of Object.values(person)) expect(answer.text.toLowerCase()).not.toContain(value.toLowerCase());
    expect(await contactsOf(tenant.tenantId)).toBe(1);
    await aContact(service, await aTenant(service), person);
  });

  test('When two recruiters add the same address at once, then one succeeds', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    // A new contact needs a share of its tenant's row, so the first one is held just before its insert.
    const held = { sql: 'SELECT 1 FROM tenant WHERE id = $1 FOR UPDATE', values: [tenant.tenantId], waiting: 2 };
    const add = () => service.call(tenant.recruiter, 'POST', '/v1/contacts', person);
    const answers = await service.whileHeld(held, () => Promise.all([add(), add()]));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    expect(await contactsOf(tenant.tenantId)).toBe(1);
  });

  test('When the address belongs to a contact that is being removed, then it is refused without naming that one', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const id = await aContact(service, tenant, person);
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
    const answer = await service.call(tenant.recruiter, 'POST', '/v1/contacts', person);
    expect(answer).toMatchObject({ status: 409, body: { code: 'address-being-removed' } });
    expect(answer.text).not.toContain(id);
  });

  test('When nothing says who it is, then it is answered 422', async () => {
    const { recruiter } = await aTenant(service);
    const answer = await service.call(recruiter, 'POST', '/v1/contacts', { language: 'en', email: null });
    expect(answer).toMatchObject({ status: 422, body: { code: 'nobody' } });
  });
});

describe('changing', () => {
  test('When a recruiter changes details, then what is given changes, null takes away, and the rest stays', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const path = `/v1/contacts/${await aContact(service, tenant, person)}`;
    const answer = await service.call(tenant.recruiter, 'PATCH', path, { givenName: 'Ida', phone: null });
    expect(answer).toMatchObject({ status: 200, body: { ...person, givenName: 'Ida', phone: null } });
    expect((await service.call(tenant.recruiter, 'GET', path)).body).toEqual(answer.body);
    const found = await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', { name: 'ida' });
    expect(found.body.items).toHaveLength(1);
  });

  test("When the new address is another contact's, then it is refused; the own one in another case is not", async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const other = await aContact(service, tenant, person);
    const mine = aPerson();
    const path = `/v1/contacts/${await aContact(service, tenant, mine)}`;
    const taken = await service.call(tenant.recruiter, 'PATCH', path, { email: person.email });
    expect(taken).toMatchObject({ status: 409, body: { detail: `It is /v1/contacts/${other}.` } });
    const upper = await service.call(tenant.recruiter, 'PATCH', path, { email: mine.email.toUpperCase() });
    expect(upper).toMatchObject({ status: 200, body: { email: mine.email.toUpperCase() } });
  });

  test('When a change would leave nobody, then it is answered 422 and nothing changes', async () => {
    const tenant = await aTenant(service);
    const path = `/v1/contacts/${await aContact(service, tenant, { phone: '0301234567' })}`;
    expect(await service.call(tenant.recruiter, 'PATCH', path, { phone: null })).toMatchObject({ status: 422 });
    expect((await service.call(tenant.recruiter, 'GET', path)).body).toMatchObject({ phone: '0301234567' });
  });

  test('When the contact is disabled, then it can be read but not changed', async () => {
    const tenant = await aTenant(service, 'off');
    const { candidate, contactId } = await anAccount(service, tenant);
    await service.call(candidate, 'DELETE', '/v1/account');
    const path = `/v1/contacts/${contactId}`;
    const read = await service.call(tenant.recruiter, 'GET', path);
    expect(read).toMatchObject({ status: 200, body: { state: 'disabled' } });
    const patch = await service.call(tenant.recruiter, 'PATCH', path, { givenName: 'X' });
    expect(patch).toMatchObject({ status: 409, body: { code: 'contact-disabled' } });
  });
});

describe('who may', () => {
  test('When a contact is expunging, then nobody can see, find or change it any more', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const id = await aContact(service, tenant, person);
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
    const status = async (method: string, path: string, body?: object) =>
      (await service.call(tenant.recruiter, method, `/v1/contacts/${id}${path}`, body)).status;
    expect(await status('GET', '')).toBe(410);
    expect(await status('PATCH', '', { givenName: 'X' })).toBe(410);
    expect(await status('POST', '/notes', { body: 'X' })).toBe(410);
    expect(await status('GET', '/notes')).toBe(410);
    for (const search of [{}, { email: person.email }, { name: person.familyName }]) {
      const found = await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', search);
      expect(found.body).toEqual({ items: [] });
    }
  });

  const routes: [method: string, path: string, body: object | undefined][] = [
    ['GET', '', undefined],
    ['PATCH', '', { givenName: 'Changed' }],
    ['POST', '/notes', { body: 'A note' }],
    ['GET', '/notes', undefined],
    ['POST', '/expunge', undefined],
    ['GET', '/removal', undefined],
  ];
  test.each(routes)(
    'When %s ...%s is called by the wrong people, then nothing is told or done',
    async (method, path, body) => {
      const [tenant, other] = [await aTenant(service), await aTenant(service)];
      const id = await aContact(service, tenant);
      const status = async (caller: typeof tenant.recruiter | undefined, contactId: string) =>
        (await service.call(caller, method, `/v1/contacts/${contactId}${path}`, body)).status;
      expect(await status(other.recruiter, id)).toBe(404);
      expect(await status(tenant.recruiter, randomUUID())).toBe(404);
      expect(await status(tenant.recruiter, 'not-an-id')).toBe(404);
      expect(await status(tenant.candidate(), id)).toBe(403);
      expect(await status(tenant.staff, id)).toBe(403);
      expect(await status(undefined, id)).toBe(401);
      expect(await service.said(id)).toHaveLength(1);
      expect((await service.call(tenant.recruiter, 'GET', `/v1/contacts/${id}`)).body).toMatchObject({
        state: 'active',
      });
    },
  );
});

test('When a recruiter expunges while expunge is off, then it is refused and the contact stays as it is', async () => {
  const tenant = await aTenant(service, 'off');
  const id = await aContact(service, tenant);
  const answer = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
  expect(answer).toMatchObject({ status: 409, body: { code: 'expunge-off' } });
  expect((await service.call(tenant.recruiter, 'GET', `/v1/contacts/${id}`)).body).toMatchObject({ state: 'active' });
  expect(await service.said(id)).toHaveLength(1);
});

test('When a recruiter expunges a contact without an address, then there is a request without recipient', async () => {
  const tenant = await aTenant(service);
  const id = await aContact(service, tenant, { familyName: 'Nowhere' });
  const first = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
  const second = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
  expect(first.status).toBe(202);
  expect(second).toMatchObject({ status: 202, body: first.body });
  const [, requested, ...more] = await service.said(id);
  expect(requested).toMatchObject({ type: 'ExpungeRequested', data: { requestedBy: 'recruiter' } });
  expect(requested?.data).not.toHaveProperty('sealedRecipient');
  expect(requested?.data).not.toHaveProperty('subjectCommitment');
  expect(more).toEqual([]);
});
