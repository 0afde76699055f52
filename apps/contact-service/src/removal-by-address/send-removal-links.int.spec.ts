import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { tracesInDatabase } from '../../../../test/support/find-traces.js';
import { many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { aHold } from '../../test/a-hold.js';
import { askForRemoval, aLink, BEHIND_A_PROXY, handleRequests, linksTo, openLink } from '../../test/removal-link.js';
import {
  aContact,
  anAccount,
  aPerson,
  aTenant,
  type ContactService,
  erase,
  REMOVAL_LINK_URL,
  startContactService,
} from '../../test/start.js';
import { ForgetRemovalLinks } from './forget-removal-links.js';
import { SendRemovalLinks } from './send-removal-links.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService(BEHIND_A_PROXY);
  // The tests say when requests are handled, except for the one about the timer.
  await service.app.get(Pumps).stop();
});
afterAll(() => service.stop());

const asked = async (tenantId: string, email: string): Promise<void> => {
  expect(await askForRemoval(service.url, tenantId, email)).toMatchObject({ status: 202 });
  await handleRequests(service, tenantId);
};
const mailsTo = async (...contactIds: string[]): Promise<number[]> =>
  (await Promise.all(contactIds.map((contactId) => linksTo(service, contactId)))).map(({ length }) => length);

const queue = (tenantId: string, emails: string[]): Promise<unknown> =>
  service.db.query(
    `INSERT INTO removal_request (id, tenant_id, email_normalised)
     SELECT gen_random_uuid(), $1, lower(email) FROM unnest($2::text[]) AS email`,
    [tenantId, emails],
  );

test('When the address is known, however it is written, then a link goes to it as it is stored', async () => {
  const tenant = await aTenant(service);
  const person = { ...aPerson(), language: 'de' };
  const contactId = await aContact(service, tenant, person);
  await asked(tenant.tenantId, `  ${person.email.toUpperCase()} `);
  const [link] = await linksTo(service, contactId);
  expect(link).toMatchObject({
    tenantId: tenant.tenantId,
    contactId,
    purpose: 'removal-link',
    address: person.email,
    name: `${person.givenName} ${person.familyName}`,
    language: 'de',
  });
  expect(link!.linkUrl).toMatch(new RegExp(`^${REMOVAL_LINK_URL}[\\w-]{43}$`));
  const [mail] = (await service.said(contactId)).filter(({ type }) => type === 'SendEmail');
  expect(mail!.data).toMatchObject({ emailId: link!.emailId, purpose: 'removal-link', attachments: [] });
});

test('When somebody asks, then the timer of the service sends the link', async () => {
  const tenant = await aTenant(service);
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  await askForRemoval(service.url, tenant.tenantId, person.email);
  service.app.get(Pumps).start();
  const sent = async () => (await linksTo(service, contactId))[0];
  await waitUntil(sent, { what: 'a link', timeoutMs: 20_000 });
  await service.app.get(Pumps).stop();
});

test('When nobody has the address, or only another company knows it, then nothing is sent and nothing kept', async () => {
  const [tenant, other] = [await aTenant(service), await aTenant(service)];
  const person = aPerson();
  const contactId = await aContact(service, other, person);
  await asked(tenant.tenantId, person.email);
  await asked(randomUUID(), person.email);
  expect(await mailsTo(contactId)).toEqual([0]);
  expect(await service.db.query('SELECT FROM removal_link WHERE contact_id = $1', [contactId])).toEqual([]);
});

test('When several people share an inbox, then each gets a link of their own, five at most', async () => {
  const tenant = await aTenant(service);
  const { email } = aPerson();
  const contactIds = [];
  for (const _ of many(6, () => 0))
    contactIds.push((await anAccount(service, tenant, { ...aPerson(), email })).contactId);
  await asked(tenant.tenantId, email);
  expect(await mailsTo(...contactIds)).toEqual([0, 1, 1, 1, 1, 1]);
  const links = await Promise.all(contactIds.slice(1).map((contactId) => linksTo(service, contactId)));
  expect(new Set(links.flat().map(({ linkUrl }) => linkUrl)).size).toBe(5);
});

test('When more share an inbox than get a mail, then those that wait or are disabled come last', async () => {
  const tenant = await aTenant(service);
  const { email } = aPerson();
  const inThatInbox = () => anAccount(service, tenant, { ...aPerson(), email });
  const active = [];
  for (const _ of many(4, () => 0)) active.push((await inThatInbox()).contactId);
  const [disabled, waiting] = [await inThatInbox(), await inThatInbox()];
  await aHold(service, tenant, waiting.contactId);
  await service.call(waiting.candidate, 'DELETE', '/v1/account');
  await tenant.setPolicy('off');
  await service.call(disabled.candidate, 'DELETE', '/v1/account');
  await asked(tenant.tenantId, email);
  expect(await mailsTo(...active, disabled.contactId, waiting.contactId)).toEqual([1, 1, 1, 1, 1, 0]);
  await inThatInbox();
  await asked(tenant.tenantId, email);
  expect(await mailsTo(...active, disabled.contactId, waiting.contactId)).toEqual([2, 2, 2, 2, 1, 0]);
});

test('When the contact is disabled, then it gets a link too; when it is being removed, then it does not', async () => {
  const tenant = await aTenant(service, 'off');
  const [disabled, expunging] = [aPerson(), aPerson()];
  const { candidate, contactId } = await anAccount(service, tenant, disabled);
  await service.call(candidate, 'DELETE', '/v1/account');
  const gone = await aContact(service, tenant, expunging);
  await tenant.setPolicy('permanent');
  await service.call(tenant.recruiter, 'POST', `/v1/contacts/${gone}/expunge`);
  await asked(tenant.tenantId, disabled.email);
  await asked(tenant.tenantId, expunging.email);
  expect(await mailsTo(contactId, gone)).toEqual([1, 0]);
});

test('When the contact is erased while its link waits for the lock, then no link is made', async () => {
  const tenant = await aTenant(service);
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
  const handled = async () => {
    await askForRemoval(service.url, tenant.tenantId, person.email);
    await handleRequests(service, tenant.tenantId);
  };
  await service.whileHeld(held, handled, (eraser) => erase(eraser, contactId));
  expect(await mailsTo(contactId)).toEqual([0]);
});

test('When many ask, then it takes as many statements as for one', async () => {
  const tenant = await aTenant(service);
  const people = many(20, () => aPerson());
  for (const person of people) await aContact(service, tenant, person);
  const cost = async (emails: string[]): Promise<number> => {
    await queue(tenant.tenantId, emails);
    return countStatements(service.appDb, () => service.app.get(SendRemovalLinks).execute());
  };
  const all = people.map(({ email }) => email);
  expect([await cost(all.slice(0, 1)), await cost(all)]).toEqual([7, 7]);
});

test('When a link was sent, then its token and the address asked for stand nowhere in the database', async () => {
  const tenant = await aTenant(service);
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  const token = await aLink(service, { tenantId: tenant.tenantId, email: person.email, contactId });
  const strangers = many(6, (n) => `stranger.${n % 4}.${tenant.tenantId}@example.org`);
  await queue(tenant.tenantId, strangers);
  const database = new URL(service.ownerUrl).pathname.slice(1);
  const traces = () => tracesInDatabase(process.env.TEST_POSTGRES_URL!, database, [token, ...strangers]);
  const waiting = new Set((await traces()).map((trace) => trace.split('.').at(-1)));
  expect([...waiting]).toEqual(['removal_request']);
  await handleRequests(service, tenant.tenantId);
  expect(await traces()).toEqual([]);
});

test('When a link has expired for a week, or a request could not be handled for a day, then it is forgotten', async () => {
  const tenant = await aTenant(service);
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  const token = await aLink(service, { tenantId: tenant.tenantId, email: person.email, contactId });
  const age = (days: number) =>
    service.db.query(`UPDATE removal_link SET expires_at = now() - $2 * interval '1 day' WHERE contact_id = $1`, [
      contactId,
      days,
    ]);
  await age(6.9);
  await service.db.query(
    `INSERT INTO removal_request VALUES (gen_random_uuid(), $1, 'old', now() - interval '25 hours'),
       (gen_random_uuid(), $1, 'new', now() - interval '23 hours')`,
    [tenant.tenantId],
  );
  await service.app.get(ForgetRemovalLinks).execute();
  const left = 'SELECT email_normalised AS email FROM removal_request WHERE tenant_id = $1';
  expect(await service.db.query(left, [tenant.tenantId])).toEqual([{ email: 'new' }]);
  expect(await openLink(service, token)).toMatchObject({ status: 410 });
  await age(7.1);
  await service.app.get(ForgetRemovalLinks).execute();
  expect(await openLink(service, token)).toMatchObject({ status: 404 });
});
