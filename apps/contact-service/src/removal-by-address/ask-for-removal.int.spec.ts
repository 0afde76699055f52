import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pumps, startApp } from '#service';
import { many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { aClient, askForRemoval, BEHIND_A_PROXY, handleRequests, linksTo } from '../../test/removal-link.js';
import { aContact, aPerson, aTenant, type ContactService, startContactService } from '../../test/start.js';
import { AppModule } from '../app.module.js';
import { ContactConfig } from '../config.js';
import { AskForRemoval } from './ask-for-removal.js';
import { ForgetRemovalLinks } from './forget-removal-links.js';

const PER_TENANT = 8;

let service: ContactService;
beforeAll(async () => {
  service = await startContactService({ ...BEHIND_A_PROXY, REMOVAL_REQUESTS_PER_TENANT: String(PER_TENANT) });
});
afterAll(() => service.stop());

const anAddress = (): string => aPerson().email;
const ask = (tenantId: string, email: unknown, forwardedFor?: string) =>
  askForRemoval(service.url, tenantId, email, forwardedFor);

async function aKnownPerson() {
  const tenant = await aTenant(service);
  const person = aPerson();
  return { tenantId: tenant.tenantId, email: person.email, contactId: await aContact(service, tenant, person) };
}

describe('the answer', () => {
  test('When the address is known, unknown or the company is unknown, then it is the same', async () => {
    const { tenantId, email } = await aKnownPerson();
    const known = await ask(tenantId, email);
    expect(known).toEqual({
      status: 202,
      text: '{"message":"If we hold data under this address, a mail with a link is on its way."}',
      retryAfter: null,
    });
    expect(await ask(tenantId, anAddress())).toEqual(known);
    expect(await ask(randomUUID(), email)).toEqual(known);
  });

  test('When nobody can read contacts or companies, then it is given all the same: nothing is looked up', async () => {
    const { tenantId, email } = await aKnownPerson();
    await service.db.transaction(async (tx) => {
      await tx.query('LOCK TABLE contact, subject, tenant, removal_link, outbox IN ACCESS EXCLUSIVE MODE');
      for (const [tenant, address] of [
        [tenantId, email],
        [tenantId, anAddress()],
        [randomUUID(), email],
      ] as const) {
        expect(await ask(tenant, address)).toMatchObject({ status: 202 });
      }
    });
  });

  test('When the address is known, then as many statements are sent as when it is not', async () => {
    const { tenantId, email } = await aKnownPerson();
    const cost = (tenant: string, address: string) =>
      countStatements(service.appDb, () =>
        service.app.get(AskForRemoval).execute(tenant, { email: address }, aClient()),
      );
    const known = await cost(tenantId, email);
    expect(known).toBe(5); // three limits, the tenant's binding, the insert
    expect([await cost(tenantId, anAddress()), await cost(randomUUID(), email)]).toEqual([known, known]);
  });

  test.each([
    ['no address', undefined],
    ['an empty one', ''],
    ['a list', ['a@example.org']],
    ['a second line', 'a@example.org\r\nBcc: b@example.org'],
    ['a NUL', 'a\0@example.org'],
    ['two addresses', 'a@example.org, b@example.org'],
    ['10,000 characters', `${'a'.repeat(10_000)}@example.org`],
    ['a right-to-left override', 'a\u202E@example.org'],
  ])('When %s is sent, then it is answered 400 without a word of it, and nothing is stored', async (_, email) => {
    const tenantId = randomUUID();
    const answer = await ask(tenantId, email);
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.text).not.toContain('example.org');
    expect(await service.db.query('SELECT FROM removal_request WHERE tenant_id = $1', [tenantId])).toEqual([]);
  });

  test('When the company is no id at all, then there is nothing', async () => {
    expect(await ask('acme', anAddress())).toMatchObject({ status: 404 });
  });
});

describe('the limits', () => {
  const statuses = async (times: number, attempt: (n: number) => Promise<{ status: number }>): Promise<number[]> => {
    const found: number[] = [];
    for (let n = 0; n < times; n += 1) found.push((await attempt(n)).status);
    return found;
  };

  test('When one address is asked for a fourth time within an hour, then the answer is the same and nothing is sent', async () => {
    const { tenantId, email, contactId } = await aKnownPerson();
    const other = await aTenant(service);
    for (const address of [email, anAddress()]) {
      const first = await ask(tenantId, address);
      expect(first).toMatchObject({ status: 202, retryAfter: null });
      for (const again of [address, ` ${address}`, address.toUpperCase()]) {
        expect(await ask(tenantId, again)).toEqual(first);
      }
      expect(await ask(other.tenantId, address)).toEqual(first);
    }
    await handleRequests(service, tenantId);
    expect(await linksTo(service, contactId)).toHaveLength(3);
  });

  test('When an address has reached its limit, then it takes as many statements, and no row names it', async () => {
    await service.app.get(Pumps).stop();
    const [tenantId, email] = [randomUUID(), anAddress()];
    const cost = () =>
      countStatements(service.appDb, () => service.app.get(AskForRemoval).execute(tenantId, { email }, aClient()));
    const costs: number[] = [];
    for (const _ of many(6, () => 0)) costs.push(await cost());
    expect(costs).toEqual(many(6, () => 5));
    const sql = 'SELECT email_normalised AS email FROM removal_request WHERE tenant_id = $1 ORDER BY id';
    const rows: { email: string }[] = await service.db.query(sql, [tenantId]);
    const [asked, nobody] = [email.toLowerCase(), ''];
    expect(rows.map((row) => row.email)).toEqual([asked, asked, asked, nobody, nobody, nobody]);
    service.app.get(Pumps).start();
  });

  test('When a company is asked too often, then those of an address that has reached its limit are refused as all others', async () => {
    const [tenantId, email] = [randomUUID(), anAddress()];
    const found = await statuses(PER_TENANT + 1, () => ask(tenantId, email));
    expect(found).toEqual([...many(PER_TENANT, () => 202), 429]);
    expect(await ask(tenantId, anAddress())).toMatchObject({ status: 429 });
  });

  test('When one caller asks a 21st time, then it is refused, whatever it writes into X-Forwarded-For', async () => {
    const client = aClient();
    const spoofed = (n: number) => ask(randomUUID(), anAddress(), `198.51.100.${n}, ${client}`);
    expect((await statuses(20, spoofed)).every((status) => status === 202)).toBe(true);
    expect(await spoofed(21)).toMatchObject({ status: 429 });
    expect(await ask(randomUUID(), anAddress())).toMatchObject({ status: 202 });
  });

  test('When one caller is refused, then that uses up nothing of what all callers share', async () => {
    const [tenantId, email, client] = [randomUUID(), anAddress(), aClient()];
    expect(await statuses(20, () => ask(randomUUID(), anAddress(), client))).toHaveLength(20);
    expect(await statuses(PER_TENANT + 1, () => ask(tenantId, email, client))).not.toContain(202);
    expect(await statuses(3, () => ask(tenantId, email))).toEqual([202, 202, 202]);
  });

  test('When a company is asked too often by many, then it is refused', async () => {
    const tenantId = randomUUID();
    const found = await statuses(PER_TENANT, () => ask(tenantId, anAddress()));
    expect(found).toEqual(many(PER_TENANT, () => 202));
    const refused = await ask(tenantId, anAddress());
    expect(refused).toMatchObject({ status: 429 });
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect(Number(refused.retryAfter)).toBeGreaterThan(3_500);
    expect(Number(refused.retryAfter)).toBeLessThanOrEqual(3_600);
  });

  test('When no proxy is trusted, then X-Forwarded-For counts for nothing', async () => {
    const config = service.app.get(ContactConfig);
    const exposed = await startApp(
      AppModule.forConfig(Object.assign(new ContactConfig(), config, { TRUST_PROXY_HOPS: 0 })),
    );
    await exposed.usable();
    try {
      const found = await statuses(21, () => askForRemoval(exposed.url, randomUUID(), anAddress()));
      expect(found).toEqual([...many(20, () => 202), 429]);
    } finally {
      await exposed.stop();
    }
  });

  test('When two processes are asked at once, then they share the limit', async () => {
    const second = await startApp(AppModule.forConfig(service.app.get(ContactConfig)));
    await second.usable();
    try {
      const { tenantId, email, contactId } = await aKnownPerson();
      const urls = many(PER_TENANT, (n) => (n % 2 === 0 ? service.url : second.url));
      const answers = await Promise.all(urls.map((url) => askForRemoval(url, tenantId, email)));
      expect(answers.map(({ status }) => status)).toEqual(many(PER_TENANT, () => 202));
      await handleRequests(service, tenantId);
      expect(await linksTo(service, contactId)).toHaveLength(3);
      const more = await Promise.all([service.url, second.url].map((url) => askForRemoval(url, tenantId, anAddress())));
      expect(more.map(({ status }) => status)).toEqual([429, 429]);
    } finally {
      await second.stop();
    }
  });

  test('When limits are stored, then without what they are about, and only until they end', async () => {
    const [tenantId, email, client] = [randomUUID(), anAddress(), aClient()];
    await ask(tenantId, email, client);
    const rows: { key: string }[] = await service.db.query('SELECT key FROM rate_limit');
    const stored = rows.map(({ key }) => key).join();
    for (const what of [tenantId, email, email.toLowerCase(), client]) expect(stored).not.toContain(what);
    await service.db.query(`UPDATE rate_limit SET expire = expire - 3600 * 1000`);
    await service.app.get(ForgetRemovalLinks).execute();
    expect(await service.db.query('SELECT FROM rate_limit')).toEqual([]);
  });
});
