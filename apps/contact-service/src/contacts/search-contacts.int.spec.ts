import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { many } from '../../../../test/support/make.js';
import { rowsRead } from '../../../../test/support/rows-read.js';
import {
  aContact,
  aPerson,
  aTenant,
  anAccount,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

interface Found {
  readonly id: string;
  readonly givenName: string;
  readonly familyName: string;
}

async function search(tenant: TestTenant, body: object): Promise<{ items: Found[]; next?: string }> {
  const answer = await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', body);
  if (answer.status !== 200) throw new Error(`the search was answered ${answer.status}`);
  return answer.body as unknown as { items: Found[]; next?: string };
}

/** All pages of a search; `between` runs after each one. */
async function pages(tenant: TestTenant, body: object, between?: () => Promise<unknown>): Promise<Found[][]> {
  const all: Found[][] = [];
  let cursor: string | undefined;
  do {
    const page = await search(tenant, { ...body, cursor });
    all.push(page.items);
    cursor = page.next;
    await between?.();
  } while (cursor !== undefined);
  return all;
}

describe('finding', () => {
  test('When searched by address, in whatever case, then the contacts with exactly this address are found', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const added = await aContact(service, tenant, person);
    const { contactId } = await anAccount(service, tenant, person);
    await aContact(service, tenant, { ...aPerson(), email: `a${person.email}` });
    const { items } = await search(tenant, { email: person.email.toUpperCase() });
    expect(items.map(({ id }) => id).sort()).toEqual([added, contactId].sort());
  });

  test('When searched by the beginning of a name, then family and given names count, case and accents do not', async () => {
    const tenant = await aTenant(service);
    const names = [
      ['José', 'García'],
      ['Maria', 'Josefsson'],
      ['JOSEPHINE', 'Jośko'],
      ['Ana', 'Majose'],
      ['Ćosić', 'Đorđe'],
    ];
    for (const [givenName, familyName] of names) await aContact(service, tenant, { givenName, familyName });
    const given = async (name: string) => (await search(tenant, { name })).items.map((found) => found.givenName);
    expect(await given('jose')).toEqual(['José', 'Maria', 'JOSEPHINE']);
    expect(await given('JOSÉ')).toEqual(['José', 'Maria', 'JOSEPHINE']);
    expect(await given('jos')).toHaveLength(3);
    expect(await given('cosi')).toEqual(['Ćosić']);
    expect(await given('%')).toEqual([]);
    expect(await given('_')).toEqual([]);
  });

  test.each(['山', 'الز', 'Ñ', 'ß', 'İ', "O'", '👩‍🚀'])(
    'When a name begins with %s, then that finds it',
    async (beginning) => {
      const tenant = await aTenant(service);
      const id = await aContact(service, tenant, { familyName: `${beginning}xyz` });
      const { items } = await search(tenant, { name: beginning });
      expect(items.map((found) => found.id)).toEqual([id]);
    },
  );

  test('When a state is named, then only its contacts are found; otherwise the active ones', async () => {
    const tenant = await aTenant(service, 'off');
    const active = await aContact(service, tenant);
    const { candidate, contactId: disabled } = await anAccount(service, tenant);
    await service.call(candidate, 'DELETE', '/v1/account');
    const ids = async (body: object) => (await search(tenant, body)).items.map(({ id }) => id);
    expect(await ids({})).toEqual([active]);
    expect(await ids({ state: 'disabled' })).toEqual([disabled]);
    expect(await ids({ state: 'disabled', name: 'Ång' })).toEqual([disabled]);
  });

  test('When another tenant searches, then it finds nobody', async () => {
    const person = aPerson();
    await aContact(service, await aTenant(service), person);
    const other = await aTenant(service);
    for (const body of [{}, { email: person.email }, { name: person.givenName }]) {
      expect(await search(other, body)).toEqual({ items: [] });
    }
  });

  test('When searched by address and name at once, then it is answered 422', async () => {
    const { recruiter } = await aTenant(service);
    const both = { email: 'a@example.org', name: 'a' };
    expect(await service.call(recruiter, 'POST', '/v1/contacts/search', both)).toMatchObject({ status: 422 });
  });
});

describe('paging', () => {
  test('When there are more than fit on a page, then the pages hold everybody once, in a stable order', async () => {
    const tenant = await aTenant(service);
    const ids: string[] = [];
    for (const n of many(7, (i) => i))
      ids.push(await aContact(service, tenant, { givenName: 'Same', familyName: `Same${n % 2}` }));
    const listed = await pages(tenant, { limit: 3 });
    expect(listed.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(listed.flat().map(({ id }) => id)).toEqual(ids);
    const named = await pages(tenant, { limit: 3, name: 'same' });
    expect(named.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(new Set(named.flat().map(({ id }) => id)).size).toBe(7);
  });

  test('When the last page is exactly full, then there is no empty page after it', async () => {
    const tenant = await aTenant(service);
    for (const _ of many(4, () => 0)) await aContact(service, tenant);
    expect((await pages(tenant, { limit: 2 })).map((page) => page.length)).toEqual([2, 2]);
  });

  test('When contacts come and go between pages, then nobody who stays is skipped or doubled', async () => {
    const tenant = await aTenant(service);
    const ids: string[] = [];
    for (const n of many(6, (i) => i)) ids.push(await aContact(service, tenant, { familyName: `Kim${n}` }));
    let first = true;
    const disturb = async (): Promise<void> => {
      if (!first) return;
      first = false;
      await service.call(tenant.recruiter, 'POST', `/v1/contacts/${ids[1]}/expunge`);
      await aContact(service, tenant, { familyName: 'Kim00' });
    };
    const found = (await pages(tenant, { limit: 2, name: 'kim' }, disturb)).flat();
    expect(found.map(({ familyName }) => familyName)).toEqual(['Kim0', 'Kim1', 'Kim2', 'Kim3', 'Kim4', 'Kim5']);
  });
});

test('When 20,000 contacts are stored, then a page still reads about as many rows as it shows', async () => {
  const tenant = await aTenant(service);
  await service.db.query(
    `WITH person AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 20000) AS n),
          known AS (INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM person)
     INSERT INTO contact (id, tenant_id, source, email, email_normalised, given_name, given_key, family_name, family_key)
     SELECT id, $1, 'manual', 'p' || n || '@example.org', 'p' || n || '@example.org', 'Nn', 'nn' || n, 'Smith', 'smith' || n
     FROM person`,
    [tenant.tenantId],
  );
  for (const body of [{}, { name: 'smith' }, { name: 'nn' }, { name: 'smith7' }, { email: 'p7@example.org' }]) {
    const before = await rowsRead(service, 'contact');
    const { items } = await search(tenant, { ...body, limit: 20 });
    expect(items).toHaveLength('email' in body ? 1 : 20);
    expect((await rowsRead(service, 'contact')) - before).toBeLessThan(100);
  }
});
