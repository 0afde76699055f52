import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anImport, reportOf, upload } from '../../test/an-import.js';
import {
  aContact,
  aPerson,
  aTenant,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const contactsOf = ({ tenantId }: TestTenant): Promise<Record<string, unknown>[]> =>
  service.db.query('SELECT * FROM contact WHERE tenant_id = $1 ORDER BY id', [tenantId]);

describe('a file', () => {
  test('When it is imported, then each row is a contact that says where it is from, and is announced', async () => {
    const tenant = await aTenant(service);
    const file =
      'First Name,Last Name,E-Mail,Mobile,Country,Language,Fax\nZoë,Luna,Zoe@Example.org,+46 70 1234567,SE,sv,1\n';
    const answer = await upload(service, tenant.recruiter, file);
    expect(answer).toMatchObject({ status: 202, location: `/v1/imports/${answer.body.id}`, body: { rowsTotal: 1 } });
    const done = await anImport(service, tenant, 'email\nsecond@example.org\n');
    expect(done).toMatchObject({ state: 'done', rowsRead: 1, rowsImported: 1, rowsRejected: 0, rejected: [] });
    const [first, second] = await contactsOf(tenant);
    expect(first).toMatchObject({
      source: 'import',
      import_id: answer.body.id,
      source_detail: 'Job fair',
      lawful_basis: 'legitimate-interests',
      email: 'Zoe@Example.org',
      email_normalised: 'zoe@example.org',
      given_name: 'Zoë',
      given_key: 'zoe',
      family_name: 'Luna',
      phone: '+46 70 1234567',
      country: 'SE',
      language: 'sv',
    });
    expect(second).toMatchObject({ import_id: done.id });
    const said = await service.said(String(first!.id));
    const data = { source: 'import', importId: answer.body.id, country: 'SE' };
    expect(said).toMatchObject([{ type: 'ContactAdded', data }]);
    expect(JSON.stringify(said)).not.toContain('xample.org');
  });

  test('When it is imported, then recruiters see of each contact where it is from and why it is here, and find them by the import', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(
      service,
      tenant,
      'email,lawful basis\na@example.org,consent\nb@example.org,\nc@example.org,\n',
    );
    await anImport(service, tenant, 'email\nother@example.org\n');
    const own = await aContact(service, tenant);
    const search = async (more: object) =>
      (await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', { importId: id, limit: 2, ...more })).body;
    const first = await search({});
    const second = await search({ cursor: first.next });
    const found = [first, second].flatMap(({ items }) => items as Record<string, string>[]);
    expect(found.map(({ email, lawfulBasis }) => [email, lawfulBasis])).toEqual([
      ['a@example.org', 'consent'],
      ['b@example.org', 'legitimate-interests'],
      ['c@example.org', 'legitimate-interests'],
    ]);
    expect(second).not.toHaveProperty('next');
    const { body } = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${found[0]!.id}`);
    expect(body).toEqual(found[0]);
    expect(body).toMatchObject({ source: 'import', sourceDetail: 'Job fair', importId: id });
    const manual = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${own}`);
    expect(manual.body).toMatchObject({ source: 'manual', sourceDetail: null, lawfulBasis: null, importId: null });
    expect(await search({ name: 'a' })).toMatchObject({ code: 'two-searches' });
    const other = await aTenant(service);
    const theirs = await service.call(other.recruiter, 'POST', '/v1/contacts/search', { importId: id });
    expect(theirs.body).toEqual({ items: [] });
  });

  test('When a country is written in small letters, by whichever way in, then it is the one that filters know', async () => {
    const tenant = await aTenant(service);
    await anImport(service, tenant, 'email,country\na@example.org,se\nb@example.org,De\n');
    const contactId = await aContact(service, tenant, { ...aPerson(), country: 'fr' });
    await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${await aContact(service, tenant)}`, { country: 'it' });
    const candidate = tenant.candidate();
    await service.call(candidate, 'POST', '/v1/account', { ...aPerson(), country: 'es' });
    const countries = (await contactsOf(tenant)).map(({ country }) => String(country));
    expect(countries.sort()).toEqual(['DE', 'ES', 'FR', 'IT', 'SE']);
    expect(await service.said(contactId)).toMatchObject([{ type: 'ContactAdded', data: { country: 'FR' } }]);
  });

  test('When the same file comes twice, then the second time adds nothing', async () => {
    const tenant = await aTenant(service);
    const file = 'email\na@example.org\nb@example.org\n';
    await anImport(service, tenant, file);
    const again = await anImport(service, tenant, file);
    expect(again).toMatchObject({ rowsImported: 0, rejected: [{ reason: 'address-taken', rows: 2 }] });
    expect(await contactsOf(tenant)).toHaveLength(2);
  });

  test('When rows cannot be used, then each is refused with its reason and the others are imported', async () => {
    const tenant = await aTenant(service);
    const person = aPerson();
    await aContact(service, tenant, person);
    const file = [
      'email;given name;phone;country;language;lawful basis',
      ';Nobody;;;;',
      'not-an-address;Bad;;;;',
      `${person.email.toUpperCase()};Taken;;;;`,
      'ok@example.org;=HYPERLINK();+49 30 1234567;DE;de-AT;Consent',
      'OK@example.org ;Twice;;;;',
      'phone@example.org;;12;;;',
      'land@example.org;;;Germany;;',
      'tongue@example.org;;;;german!;',
      'why@example.org;;;;;because',
      `long@example.org;${'x'.repeat(201)};;;;`,
      'bidi@example.org;a\u202Eb;;;;',
    ].join('\r\n');
    const done = await anImport(service, tenant, file);
    expect(done).toMatchObject({ rowsTotal: 11, rowsRead: 11, rowsImported: 1, rowsRejected: 10 });
    const reasons = Object.fromEntries(done.rejected.map(({ reason, rows }) => [reason, rows]));
    expect(reasons).toEqual({
      'no-address': 1,
      'bad-address': 1,
      'address-taken': 1,
      'duplicate-in-file': 1,
      'bad-field:phone': 1,
      'bad-field:country': 1,
      'bad-field:language': 1,
      'bad-field:lawful-basis': 1,
      'too-long:given-name': 1,
      'bad-field:given-name': 1,
    });
    const [, imported] = await contactsOf(tenant);
    expect(imported).toMatchObject({ given_name: '=HYPERLINK()', lawful_basis: 'consent' });
    const { text, type } = await reportOf(service, tenant, done.id);
    expect(type).toBe('text/csv; charset=utf-8');
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toBe('email,given name,phone,country,language,lawful basis,status,reason,row');
    expect(lines[1]).toBe(',Nobody,,,,,rejected,no-address,2');
    expect(lines[4]).toBe("ok@example.org,'=HYPERLINK(),'+49 30 1234567,DE,de-AT,Consent,imported,,5");
    const rejected = await reportOf(service, tenant, done.id, '?only=rejected');
    expect(rejected.text.trimEnd().split('\n')).toHaveLength(11);
  });

  test('When the first row with an address cannot be used, then the next one with it is imported', async () => {
    const tenant = await aTenant(service);
    const done = await anImport(service, tenant, 'email,phone\na@example.org,12\nA@example.org,\na@example.org,12\n');
    expect(done).toMatchObject({ rowsImported: 1, rejected: [{ reason: 'bad-field:phone', rows: 2 }] });
  });

  test('When refused rows are mended in the report and uploaded again, then every value is as it was in the file', async () => {
    const tenant = await aTenant(service);
    const starts = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    const people = starts.map((start, n) => {
      const email = n < 3 ? `${start}tag${n}@example.org` : `tag${n}@example.org`;
      return { email, givenName: `${start}Zoe`, familyName: `"${start}" Luna, ${n}` };
    });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const lines = people.map((row) => [...Object.values(row), '+49 30 1234567', 'nowhere'].map(quoted).join(','));
    const refused = await anImport(service, tenant, ['email,given name,name,phone,country', ...lines].join('\n'));
    expect(refused).toMatchObject({
      rowsImported: 0,
      rejected: [{ reason: 'bad-field:country', rows: people.length }],
    });
    const { text } = await reportOf(service, tenant, refused.id, '?only=rejected');
    expect(text).toContain("\n'+tag1@example.org,'+Zoe,");
    const mended = await anImport(service, tenant, text.replaceAll('nowhere', 'DE'));
    expect(mended).toMatchObject({ rowsImported: people.length, rowsRejected: 0 });
    const imported = (await contactsOf(tenant)).map(
      ({ email, given_name: givenName, family_name: familyName, phone }) => {
        return { email, givenName, familyName, phone };
      },
    );
    const byName = (a: { familyName: unknown }, b: { familyName: unknown }) =>
      String(a.familyName).localeCompare(String(b.familyName));
    const meant = people.map((person) => ({ ...person, phone: '+49 30 1234567' }));
    expect(imported.sort(byName)).toEqual(meant.sort(byName));
    // And once more: what was mended is known.
    const again = await anImport(service, tenant, (await reportOf(service, tenant, mended.id)).text);
    expect(again.rejected).toEqual([{ reason: 'address-taken', rows: people.length }]);
  });

  test('When source or lawful basis are said nowhere, then it is refused at once', async () => {
    const tenant = await aTenant(service);
    const file = 'email\na@example.org\n';
    const without = (query: string) => upload(service, tenant.recruiter, file, { query });
    expect(await without('?lawfulBasis=consent')).toMatchObject({ status: 422, body: { code: 'no-source' } });
    expect(await without('?source=Fair')).toMatchObject({ status: 422, body: { code: 'no-lawful-basis' } });
    expect(await without('?source=Fair&lawfulBasis=because')).toMatchObject({ status: 400 });
    const columns = 'email,source,lawful basis\na@example.org,Fair,consent\nb@example.org,,\n';
    const done = await anImport(service, tenant, columns, { query: '' });
    expect(done).toMatchObject({ rowsImported: 1, rejected: [{ reason: 'no-source', rows: 1 }] });
  });

  test('When the company was never set up, then it is refused', async () => {
    const stranger = {
      subject: 'rita',
      roles: ['recruiter' as const],
      tenantId: '6f1c2a54-3d0e-4c55-9a3e-2b7c1f0a9d11',
    };
    const answer = await upload(service, stranger, 'email\na@example.org\n');
    expect(answer).toMatchObject({ status: 409, body: { code: 'unknown-tenant' } });
  });
});
