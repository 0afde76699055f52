import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aContact, aTenant, type ContactService, startContactService, type TestTenant } from '../../test/start.js';

let service: ContactService;
let tenant: TestTenant;
beforeAll(async () => {
  service = await startContactService();
  tenant = await aTenant(service);
});
afterAll(() => service.stop());

const SECRET = 'secretperson';
const details: [name: string, body: unknown][] = [
  ['malformed JSON', `{"givenName": "${SECRET}"`],
  ['a list', [{ givenName: SECRET }]],
  ['an empty list', []],
  ['a text', `"${SECRET}"`],
  ['null', 'null'],
  ['an unknown field', { givenName: 'Ana', [SECRET]: SECRET }],
  ['a field of the row', { givenName: 'Ana', tenantId: SECRET }],
  ['a number for a name', { givenName: 7 }],
  ['a list for a name', { givenName: [SECRET] }],
  ['an object for an address', { email: { $ne: SECRET } }],
  ['an address with a line break', { email: `${SECRET}@example.org\r\nBcc: all@example.org` }],
  ['an address with a NUL', { email: `${SECRET}\u0000@example.org` }],
  ['two addresses', { email: `${SECRET}@example.org,other@example.org` }],
  ['an over-long address', { email: `${SECRET.repeat(30)}@example.org` }],
  ['a name with a line break', { familyName: `${SECRET}\nX` }],
  ['a name with an escape', { familyName: `${SECRET}\u001b[2J` }],
  ['a name with a NUL', { familyName: `${SECRET}\u0000` }],
  ['a name that changes the direction', { familyName: `${SECRET}\u202E` }],
  ['half a character', `{"familyName": "${SECRET}\\ud800"}`],
  ['an over-long name', { familyName: `${SECRET.repeat(20)}` }],
  ['an empty name', { familyName: '  ' }],
  ['a phone number with letters', { phone: SECRET }],
  ['a language that is none', { email: 'a@example.org', language: `${SECRET} ${SECRET}` }],
  ['a country that is none', { email: 'a@example.org', country: SECRET }],
];

const targets: [name: string, method: string, path: () => Promise<string>][] = [
  ['adding', 'POST', () => Promise.resolve('/v1/contacts')],
  ['changing', 'PATCH', async () => `/v1/contacts/${await aContact(service, tenant)}`],
  ['signing up', 'POST', () => Promise.resolve('/v1/account')],
];

const snapshot = async (): Promise<unknown> =>
  service.db.query(`SELECT (SELECT string_agg(c::text, ' ' ORDER BY id) FROM contact c) AS contacts,
    (SELECT count(*) FROM note) AS notes, (SELECT count(*) FROM subject) AS subjects, (SELECT count(*) FROM outbox) AS said`);

for (const [name, method, path] of targets) {
  test.each(details)(
    `When ${name} with %s, then it is answered 400, nothing is written and nothing is repeated`,
    async (_, body) => {
      const target = await path();
      const before = await snapshot();
      const caller = name === 'signing up' ? tenant.candidate() : tenant.recruiter;
      const answer = await service.call(caller, method, target, body);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.text).not.toContain(SECRET);
      expect(answer.text).not.toMatch(/\bat .*\.[jt]s/);
      expect(await snapshot()).toEqual(before);
    },
  );
}

const searches: [name: string, body: unknown][] = [
  ['a limit of 0', { limit: 0 }],
  ['a limit of 201', { limit: 201 }],
  ['a limit in words', { limit: '5' }],
  ['half a limit', { limit: 1.5 }],
  ...['email', 'name', 'state', 'limit', 'cursor'].map((field): [string, unknown] => [
    `null for ${field}`,
    { [field]: null },
  ]),
  ['a state nobody can see', { state: 'expunging' }],
  ['an address that is none', { email: SECRET }],
  ['a name with a NUL', { name: `${SECRET}\u0000` }],
  ['a cursor that is none', { cursor: SECRET }],
  ['a cursor of another kind', { cursor: Buffer.from('{"a":1}').toString('base64url') }],
  ['a cursor with a NUL', { cursor: Buffer.from(JSON.stringify(['\u0000', tenantIdLike()])).toString('base64url') }],
  ['a cursor without an id', { cursor: Buffer.from(JSON.stringify(['', SECRET])).toString('base64url') }],
  [
    'a cursor of another search',
    { name: 'b', cursor: Buffer.from(JSON.stringify(['a', tenantIdLike()])).toString('base64url') },
  ],
  ['an over-long cursor', { cursor: 'x'.repeat(5_000) }],
  ['an unknown field', { sort: SECRET }],
];

function tenantIdLike(): string {
  return '018f4e2a-0000-7000-8000-000000000000';
}

test.each(searches)('When searching with %s, then it is answered 400 and nothing is repeated', async (_, body) => {
  const answer = await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', body);
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain(SECRET);
});

const notes: [name: string, body: unknown][] = [
  ['no text', {}],
  ['an empty text', { body: '\n' }],
  ['a NUL', { body: `${SECRET}\u0000` }],
  ['10,001 characters', { body: 'x'.repeat(10_001) }],
  ['another author', { body: 'Called', authorSubject: SECRET }],
];

test.each(notes)('When a note has %s, then it is answered 400 and not written', async (_, body) => {
  const id = await aContact(service, tenant);
  const before = await snapshot();
  const answer = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/notes`, body);
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain(SECRET);
  expect(await snapshot()).toEqual(before);
});

test('When there is no body, then that is like an empty one', async () => {
  expect(await service.call(tenant.recruiter, 'POST', '/v1/contacts')).toMatchObject({ status: 422 });
  expect(await service.call(tenant.candidate(), 'POST', '/v1/account')).toMatchObject({ status: 400 });
});

test('When a body brings a prototype along, then it changes nothing', async () => {
  const body = '{"givenName": "Ana", "__proto__": {"state": "disabled", "tenantId": "x"}}';
  const answer = await service.call(tenant.recruiter, 'POST', '/v1/contacts', body);
  expect(answer).toMatchObject({ status: 201, body: { state: 'active', givenName: 'Ana' } });
});
