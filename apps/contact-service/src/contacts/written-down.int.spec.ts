import { afterAll, beforeAll, expect, test } from '@jest/globals';
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

/** The audit log of a client company about its contacts, oldest first. */
const entriesOf = ({ tenantId }: TestTenant): Promise<{ action: string; actor: string; target: string }[]> =>
  service.db.query(
    `SELECT action, actor, target, detail FROM audit_log
     WHERE tenant_id = $1 AND action ~ '^(account|contact|note|expunge)\\.' ORDER BY seq`,
    [tenantId],
  );

test('When a recruiter works with a contact, then who did what is written down, and nothing that was typed', async () => {
  const [tenant, person] = [await aTenant(service), aPerson()];
  const id = await aContact(service, tenant, person);
  await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${id}`, { givenName: 'Ida' });
  await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/notes`, { body: 'Called' });
  await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
  const entries = await entriesOf(tenant);
  const actions = ['contact.added', 'contact.changed', 'note.added', 'expunge.requested'];
  expect(entries.map(({ action }) => action)).toEqual(actions);
  expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set([tenant.recruiter.subject]));
  for (const value of [...Object.values(person), 'Ida', 'Called']) {
    expect(JSON.stringify(entries)).not.toContain(value);
  }
});

test('When a person signs up, leaves and comes back, then that is written down without the token subject', async () => {
  const tenant = await aTenant(service, 'off');
  const { candidate, contactId } = await anAccount(service, tenant);
  await service.call(candidate, 'DELETE', '/v1/account');
  await service.call(candidate, 'DELETE', '/v1/account');
  await service.call(candidate, 'POST', '/v1/account', aPerson());
  const about = { actor: 'candidate', target: contactId };
  const actions = ['account.created', 'contact.disabled', 'account.enabled'];
  expect(await entriesOf(tenant)).toMatchObject(actions.map((action) => ({ action, ...about })));
  expect(JSON.stringify(await entriesOf(tenant))).not.toContain(candidate.subject);
});

test('When what was asked is refused or undone, then no deed is written down', async () => {
  const tenant = await aTenant(service, 'off');
  const id = await aContact(service, tenant);
  await service.call(tenant.recruiter, 'POST', `/v1/contacts/${id}/expunge`);
  const done = (await entriesOf(tenant)).filter(({ target }) => target === id).map(({ action }) => action);
  expect(done).not.toContain('contact.disabled');
  expect(done).not.toContain('expunge.requested');
});
