import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commit, openSeal } from '#service';
import {
  aPerson,
  aTenant,
  anAccount,
  type ContactService,
  erase,
  startContactService,
  STATUS_PAGE_URL,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const stateOf = async (contactId: string): Promise<string | undefined> => {
  const [row]: { state: string }[] = await service.db.query('SELECT state FROM contact WHERE id = $1', [contactId]);
  return row?.state;
};
const removalsOf = (contactId: string): Promise<unknown[]> =>
  service.db.query('SELECT * FROM removal WHERE contact_id = $1', [contactId]);
const typesAbout = async (contactId: string) => (await service.said(contactId)).map(({ type }) => type);

describe('with expunge off', () => {
  test('When a person deletes the account, then the contact is disabled and that is announced', async () => {
    const { candidate, contactId } = await anAccount(service, await aTenant(service, 'off'));
    const answer = await service.call(candidate, 'DELETE', '/v1/account');
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'disabled' } });
    expect(await stateOf(contactId)).toBe('disabled');
    expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled']);
    expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 404 });
  });

  test('When the button is pressed again, then the answer is the same and nothing is announced', async () => {
    const { candidate, contactId } = await anAccount(service, await aTenant(service, 'off'));
    await service.call(candidate, 'DELETE', '/v1/account');
    const again = await service.call(candidate, 'DELETE', '/v1/account');
    expect(again).toMatchObject({ status: 200, body: { outcome: 'disabled' } });
    expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled']);
  });

  test('When the policy has become permanent and a disabled person asks again, then the contact is expunged', async () => {
    const tenant = await aTenant(service, 'off');
    const { candidate, contactId } = await anAccount(service, tenant);
    await service.call(candidate, 'DELETE', '/v1/account');
    await tenant.setPolicy('permanent');
    expect(await service.call(candidate, 'DELETE', '/v1/account')).toMatchObject({ status: 202 });
    expect(await stateOf(contactId)).toBe('expunging');
  });
});

describe('with expunge permanent', () => {
  test('When a person deletes the account, then the removal begins and only ids, hashes and a seal travel', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const { candidate, contactId } = await anAccount(service, tenant, person);
    const answer = await service.call(candidate, 'DELETE', '/v1/account');
    expect(answer).toMatchObject({ status: 202, body: { outcome: 'expunging' } });
    const { expungeId, statusUrl } = answer.body as { expungeId: string; statusUrl: string };
    expect(answer.headers.get('location')).toBe(statusUrl);
    const token = statusUrl.slice(STATUS_PAGE_URL.length);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const [, requested] = await service.said(contactId);
    expect(requested).toMatchObject({
      type: 'ExpungeRequested',
      data: { tenantId: tenant.tenantId, contactId, expungeId, reason: 'account-deleted', requestedBy: 'candidate' },
    });
    expect(requested?.data.statusTokenHash).toBe(createHash('sha256').update(token).digest('base64url'));
    for (const secret of [token, ...Object.values(person)]) expect(JSON.stringify(requested)).not.toContain(secret);
  });

  test('When the seal is opened for this request, then it names the person and proves the commitment', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const { candidate, contactId } = await anAccount(service, tenant, { ...person, language: 'fr' });
    const { body } = await service.call(candidate, 'DELETE', '/v1/account');
    const [, requested] = await service.said(contactId);
    const { sealedRecipient, subjectCommitment } = requested!.data as Record<string, string>;
    const binding = {
      tenantId: tenant.tenantId,
      contactId,
      purpose: 'expunge-confirmation',
      expungeId: String(body.expungeId),
    };
    const recipient = await openSeal(service.keyring, sealedRecipient!, binding);
    const name = `${person.givenName} ${person.familyName}`;
    expect(recipient).toMatchObject({
      ...binding,
      address: person.email,
      name,
      language: 'fr',
      statusUrl: body.statusUrl,
    });
    expect(subjectCommitment).toBe(commit(recipient.salt!, person.email.toUpperCase()));
  });

  test('When the button is pressed again, then the answer is the same and there is one request', async () => {
    const { candidate, contactId } = await anAccount(service, await aTenant(service));
    const first = await service.call(candidate, 'DELETE', '/v1/account');
    const second = await service.call(candidate, 'DELETE', '/v1/account');
    expect(second).toMatchObject({ status: 202, body: first.body });
    expect(await removalsOf(contactId)).toHaveLength(1);
    expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ExpungeRequested']);
  });

  test('When it is pressed eight times at once, then the answers are the same and there is one request', async () => {
    const { candidate, contactId } = await anAccount(service, await aTenant(service));
    const clicks = Array.from({ length: 8 }, () => service.call(candidate, 'DELETE', '/v1/account'));
    const answers = await Promise.all(clicks);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await removalsOf(contactId)).toHaveLength(1);
    expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ExpungeRequested']);
  });

  test('When two clicks meet at the lock of the contact, then the second obeys what the first has committed', async () => {
    const { candidate, contactId } = await anAccount(service, await aTenant(service));
    const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId], waiting: 2 };
    const click = () => service.call(candidate, 'DELETE', '/v1/account');
    const [first, second] = await service.whileHeld(held, () => Promise.all([click(), click()]));
    expect(second?.body).toEqual(first?.body);
    expect(await removalsOf(contactId)).toHaveLength(1);
  });

  test('When a click waits at the lock while the contact is erased, then there is no account, in words for the person', async () => {
    const { candidate, contactId } = await anAccount(service, await aTenant(service));
    const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
    const click = () => service.call(candidate, 'DELETE', '/v1/account');
    const late = await service.whileHeld(held, click, (eraser) => erase(eraser, contactId));
    expect(late).toMatchObject({ status: 404, body: { code: 'no-account' } });
    expect(late.text).not.toContain('/v1/contacts');
    expect(await removalsOf(contactId)).toEqual([]);
  });

  test('When the policy is switched off while the click is handled, then the click obeys what is committed', async () => {
    const tenant = await aTenant(service);
    const { candidate, contactId } = await anAccount(service, tenant);
    const off = {
      sql: `UPDATE tenant SET expunge_policy = 'off', expunge_from = NULL, soft_deleted = NULL WHERE id = $1`,
      values: [tenant.tenantId],
    };
    const click = await service.whileHeld(off, () => service.call(candidate, 'DELETE', '/v1/account'));
    expect(click).toMatchObject({ status: 200, body: { outcome: 'disabled' } });
    expect(await stateOf(contactId)).toBe('disabled');
    expect(await removalsOf(contactId)).toEqual([]);
  });

  test('When the policy is switched off after the click, then the removal goes on and the answer stays', async () => {
    const tenant = await aTenant(service);
    const { candidate } = await anAccount(service, tenant);
    const first = await service.call(candidate, 'DELETE', '/v1/account');
    await tenant.setPolicy('off');
    expect(await service.call(candidate, 'DELETE', '/v1/account')).toMatchObject({ status: 202, body: first.body });
  });

  test('When the account is being removed, then it cannot be read or signed up for', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const { candidate } = await anAccount(service, tenant, person);
    await service.call(candidate, 'DELETE', '/v1/account');
    expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 410 });
    const again = await service.call(candidate, 'POST', '/v1/account', person);
    expect(again).toMatchObject({ status: 409, body: { code: 'account-being-removed' } });
  });
});

test('When somebody without an account, of another tenant or role, or without a token deletes it, then nothing happens', async () => {
  const tenant = await aTenant(service);
  const { candidate, contactId } = await anAccount(service, tenant);
  const elsewhere = { ...candidate, tenantId: (await aTenant(service)).tenantId };
  const press = async (caller?: typeof candidate) => (await service.call(caller, 'DELETE', '/v1/account')).status;
  expect(await press(tenant.candidate())).toBe(404);
  expect(await press(elsewhere)).toBe(404);
  expect(await press({ ...candidate, tenantId: randomUUID() })).toBe(404);
  expect(await press(tenant.recruiter)).toBe(403);
  expect(await press()).toBe(401);
  expect(await stateOf(contactId)).toBe('active');
});
