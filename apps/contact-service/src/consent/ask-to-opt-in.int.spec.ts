import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Data,
  EmailAccepted,
  EmailBounced,
  EmailRejected,
  EraseContactData,
  ExpungeContact,
  RequestOptIn,
} from '#contracts';
import { openSeal, type SealBinding } from '#service';
import { anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { aHold } from '../../test/a-hold.js';
import { expunge } from '../../test/expunged.js';
import { anAsk, anAsked, mailOf, manyContacts, passTime, theEndOf } from '../../test/opt-in.js';
import {
  aContact,
  anAccount,
  aPerson,
  aTenant,
  type ContactService,
  erase,
  OPT_IN_LINK_URL,
  startContactService,
  type TestTenant,
} from '../../test/start.js';
import { hashOf } from '../removal-by-address/removal-link.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const saidOf = async (contactId: string, type: string) =>
  (await service.said(contactId)).filter((one) => one.type === type).map(({ data }) => data);
const mailsTo = (contactId: string) => saidOf(contactId, 'SendEmail');
const answersAbout = (contactId: string) => saidOf(contactId, 'OptInNotSent');
const rowsOf = (ask: Data<RequestOptIn>) =>
  service.db.query('SELECT * FROM opt_in_ask WHERE contact_id = $1', [ask.contactId]);

async function anAskable(given: Partial<Data<RequestOptIn>> = {}, person: object = aPerson()) {
  const tenant = await aTenant(service);
  const contactId = await aContact(service, tenant, person);
  return { tenant, ask: anAsk({ tenantId: tenant.tenantId, contactId, ...given }) };
}

describe('a contact that may be asked', () => {
  test('When it is asked, then a mail is sent that promises what was said, sealed for it alone', async () => {
    const person = { ...aPerson(), language: 'de' };
    const { ask } = await anAskable({}, person);
    await service.deliver(RequestOptIn, ask);
    const [mail] = await mailsTo(ask.contactId);
    const { emailId, graceSeconds } = ask;
    expect(mail).toMatchObject({ emailId, purpose: 'opt-in', graceSeconds, attachments: [] });
    const recipient = await openSeal(service.keyring, String(mail!.sealed), mail as unknown as SealBinding);
    const name = `${person.givenName} ${person.familyName}`;
    expect(recipient).toMatchObject({ address: person.email, name, language: 'de' });
    expect(recipient.linkUrl).toMatch(new RegExp(`^${OPT_IN_LINK_URL}[\\w-]{43}$`));
    const token = recipient.linkUrl!.slice(OPT_IN_LINK_URL.length);
    expect(await rowsOf(ask)).toMatchObject([{ email_id: emailId, token_hash: hashOf(token), accepted_at: null }]);
    const other = { ...mail, emailId: randomUUID() } as unknown as SealBinding;
    await expect(openSeal(service.keyring, String(mail!.sealed), other)).rejects.toThrow(/another emailId/);
  });

  test('When its language is not known, then the first of its company is used', async () => {
    const { ask } = await anAskable();
    await service.deliver(RequestOptIn, ask);
    const [mail] = await mailsTo(ask.contactId);
    const binding = mail as unknown as SealBinding;
    expect(await openSeal(service.keyring, String(mail!.sealed), binding)).toMatchObject({ language: 'en' });
  });

  test('When it is reminded, then that is a mail of its own, with a link of its own', async () => {
    const { ask } = await anAskable();
    const reminder: Data<RequestOptIn> = {
      ...ask,
      emailId: randomUUID(),
      template: 'opt-in-reminder',
      graceSeconds: 60,
    };
    await service.deliver(RequestOptIn, [ask, reminder]);
    expect(await mailsTo(ask.contactId)).toMatchObject([{ purpose: 'opt-in' }, { purpose: 'opt-in-reminder' }]);
    const rows: { token_hash: string }[] = await rowsOf(ask);
    expect(new Set(rows.map((row) => row.token_hash)).size).toBe(2);
  });

  test('When the same mail is asked for again, in a batch or later, then it is sent once, with the link it has', async () => {
    const { ask } = await anAskable();
    await service.deliver(RequestOptIn, [ask, ask]);
    const before = await rowsOf(ask);
    expect(await service.deliver(RequestOptIn, ask)).toMatchObject({ handled: 1, parked: 0 });
    const [first, again] = await mailsTo(ask.contactId);
    expect(again).toEqual(first);
    expect(await rowsOf(ask)).toEqual(before);
  });

  const knownOf = async ({ contactId }: Data<RequestOptIn>) =>
    (await saidOf(contactId, 'OptInKnown')).map(({ acceptedAt, cameBack }) => ({ acceptedAt, cameBack }));

  test('When it is asked for again after its fate was heard of, then that is said, and the recipient is kept no more', async () => {
    const { ask } = await anAskable();
    const at = new Date().toISOString();
    await service.deliver(RequestOptIn, ask);
    await service.deliver(EmailAccepted, { ...mailOf(ask), at });
    await service.deliver(RequestOptIn, ask);
    const [{ accepted_at, sealed }] = await rowsOf(ask);
    const acceptedAt = (accepted_at as Date).toISOString();
    expect(await knownOf(ask)).toEqual([{ acceptedAt }]);
    expect([sealed, await mailsTo(ask.contactId)]).toMatchObject([null, [{}]]);
    await service.deliver(EmailBounced, { ...mailOf(ask), kind: 'soft', code: 'dsn-4-2-2', at });
    await service.deliver(RequestOptIn, ask);
    expect((await knownOf(ask)).at(-1)).toEqual({ acceptedAt, cameBack: 'soft' });
  });

  test('When it was refused, or called back, then that is said; who declined after it arrived is still told it arrived', async () => {
    const [refused, stopped] = [await anAskable(), await anAskable()];
    await service.deliver(RequestOptIn, refused.ask);
    await service.deliver(EmailRejected, {
      ...mailOf(refused.ask),
      permanent: true,
      code: 'smtp-550',
      at: new Date().toISOString(),
    });
    await service.deliver(RequestOptIn, refused.ask);
    expect(await knownOf(refused.ask)).toEqual([{ cameBack: 'rejected' }]);
    await service.deliver(RequestOptIn, stopped.ask);
    const { contactId } = stopped.ask;
    await service.call(stopped.tenant.recruiter, 'POST', '/v1/consent-requests/stop', { contactIds: [contactId] });
    await service.deliver(RequestOptIn, stopped.ask);
    expect(await answersAbout(contactId)).toMatchObject([{ reason: 'stopped' }, { reason: 'stopped' }]);
    const declined = await anAskable();
    await anAsked(service, declined.tenant, declined.ask);
    await service.db.query(`UPDATE contact SET consent = 'declined' WHERE id = $1`, [declined.ask.contactId]);
    await service.deliver(RequestOptIn, declined.ask);
    expect(await knownOf(declined.ask)).toMatchObject([{ acceptedAt: expect.any(String) }]);
  });

  test('When the address was left meanwhile, then the mail to it is not sent to another one', async () => {
    const { tenant, ask } = await anAskable();
    await service.deliver(RequestOptIn, ask);
    await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${ask.contactId}`, { email: aPerson().email });
    await service.deliver(RequestOptIn, ask);
    expect(await mailsTo(ask.contactId)).toHaveLength(1);
    expect(await answersAbout(ask.contactId)).toMatchObject([{ reason: 'undeliverable' }]);
  });

  test('When a mail’s id is that of another contact’s, then it is parked and nothing is sent', async () => {
    const { tenant, ask } = await anAskable();
    await service.deliver(RequestOptIn, ask);
    const stranger = await aContact(service, tenant);
    expect(await service.deliver(RequestOptIn, { ...ask, contactId: stranger })).toMatchObject({ parked: 1 });
    const elsewhere = await anAskable({ emailId: ask.emailId });
    expect(await service.deliver(RequestOptIn, elsewhere.ask)).toMatchObject({ parked: 1 });
    expect([await mailsTo(stranger), await mailsTo(elsewhere.ask.contactId)]).toEqual([[], []]);
  });
});

describe('what the mail promises', () => {
  const OFF = `UPDATE tenant SET expunge_policy = 'off', expunge_from = NULL, soft_deleted = NULL WHERE id = $1`;
  const graces = async (ask: Data<RequestOptIn>): Promise<unknown[]> => {
    const rows: { grace_seconds: number }[] = await rowsOf(ask);
    return [(await mailsTo(ask.contactId))[0]?.graceSeconds, ...rows.map((row) => row.grace_seconds)];
  };

  const expectToStay = async (tenant: TestTenant, ask: Data<RequestOptIn>): Promise<void> => {
    await tenant.setPolicy('permanent');
    await passTime(service, ask.contactId, ask.graceSeconds);
    await service.deliver(ExpungeContact, theEndOf(ask));
    expect(await saidOf(ask.contactId, 'ExpungeDeclined')).toMatchObject([{ reason: 'not-asked' }]);
    expect(await saidOf(ask.contactId, 'ExpungeRequested')).toEqual([]);
  };

  test('When the client’s expunge is off, then no removal, and none comes of it when it is on later', async () => {
    const { tenant, ask } = await anAskable();
    await tenant.setPolicy('off');
    await service.deliver(RequestOptIn, ask);
    expect(await graces(ask)).toEqual([0, 0]);
    await accept(ask);
    await expectToStay(tenant, ask);
  });

  const reminderOf = (ask: Data<RequestOptIn>): Data<RequestOptIn> => ({
    ...ask,
    emailId: randomUUID(),
    template: 'opt-in-reminder',
  });
  const accept = (ask: Data<RequestOptIn>) =>
    service.deliver(EmailAccepted, { ...mailOf(ask), at: new Date().toISOString() });

  test('When it is a reminder, then a removal only if the mail that it reminds of has promised one', async () => {
    const { tenant, ask } = await anAskable();
    const promised = anAsk({ tenantId: tenant.tenantId, contactId: await aContact(service, tenant) });
    await service.deliver(RequestOptIn, promised);
    await tenant.setPolicy('off');
    await service.deliver(RequestOptIn, ask);
    await tenant.setPolicy('permanent');
    await service.deliver(RequestOptIn, [reminderOf(promised), reminderOf(ask)]);
    const gracesOf = async ({ contactId }: Data<RequestOptIn>) =>
      (await mailsTo(contactId)).map(({ graceSeconds }) => graceSeconds);
    expect(await gracesOf(promised)).toEqual([promised.graceSeconds, promised.graceSeconds]);
    expect(await gracesOf(ask)).toEqual([0, 0]);
  });

  test('When a reminder said that nothing is removed, then nobody is, though the first mail said otherwise', async () => {
    const { tenant, ask } = await anAskable();
    await service.deliver(RequestOptIn, ask);
    await accept(ask);
    await passTime(service, ask.contactId, 60);
    await tenant.setPolicy('off');
    const reminder = reminderOf(ask);
    await service.deliver(RequestOptIn, reminder);
    await accept(reminder);
    await expectToStay(tenant, ask);
  });

  test('When it is switched off while the request waits for it, then no removal either', async () => {
    const { tenant, ask } = await anAskable();
    await service.whileHeld(
      { sql: 'SELECT FROM tenant WHERE id = $1 FOR UPDATE', values: [tenant.tenantId] },
      () => service.deliver(RequestOptIn, ask),
      (vendor) => vendor.query(OFF, [tenant.tenantId]),
    );
    expect(await graces(ask)).toEqual([0, 0]);
  });
});

describe('a contact that is not asked', () => {
  const cases: [string, (tenant: TestTenant, ask: Data<RequestOptIn>) => Promise<unknown>][] = [
    ['no-address', (_, { contactId }) => set(contactId, 'email = NULL, email_normalised = NULL')],
    ['opted-in', (_, { contactId }) => set(contactId, `consent = 'opted-in'`)],
    ['opted-in', (_, { contactId }) => set(contactId, `candidate_subject = gen_random_uuid()::text`)],
    ['declined', (_, { contactId }) => set(contactId, `consent = 'declined'`)],
    ['declined', async (tenant, ask) => cameBack(await earlier(tenant, ask), 'complaint')],
    ['disabled', (_, { contactId }) => set(contactId, `state = 'disabled', disabled_at = now()`)],
    ['undeliverable', async (tenant, ask) => cameBack(await earlier(tenant, ask), 'hard')],
    ['undeliverable', async (tenant, ask) => refused(await earlier(tenant, ask))],
    ['suppressed', (tenant, { contactId }) => twinRemoved(tenant, contactId)],
    ['stopped', async (tenant, ask) => stop(tenant, await earlier(tenant, ask, { enrolmentId: ask.enrolmentId }))],
    ['gone', (tenant, { contactId }) => service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`)],
    ['gone', (_, { contactId }) => service.db.transaction((tx) => erase(tx.queryRunner!, contactId))],
  ];
  const set = (contactId: string, what: string) =>
    service.db.query(`UPDATE contact SET ${what} WHERE id = $1`, [contactId]);
  const earlier = (tenant: TestTenant, { contactId }: Data<RequestOptIn>, given: Partial<Data<RequestOptIn>> = {}) =>
    anAsked(service, tenant, { contactId, ...given });
  const at = new Date().toISOString();
  const cameBack = (ask: Data<RequestOptIn>, kind: Data<EmailBounced>['kind']) =>
    service.deliver(EmailBounced, { ...mailOf(ask), kind, code: 'dsn-5-1-1', at });
  const refused = (ask: Data<RequestOptIn>) =>
    service.deliver(EmailRejected, { ...mailOf(ask), permanent: true, code: 'smtp-550', at });
  const stop = (tenant: TestTenant, { contactId }: Data<RequestOptIn>) =>
    service.call(tenant.recruiter, 'POST', '/v1/consent-requests/stop', { contactIds: [contactId] });

  /** The person had signed up with that address too, and has deleted the account. */
  const twinRemoved = async (tenant: TestTenant, contactId: string) => {
    const [{ email }] = await service.db.query('SELECT email FROM contact WHERE id = $1', [contactId]);
    const { contactId: own } = await anAccount(service, tenant, { email }, { verified: true });
    return expunge(service, tenant, own);
  };

  test.each(cases)('When it is %s, then that is answered and no mail is sent (%#)', async (reason, make) => {
    const { tenant, ask } = await anAskable();
    await make(tenant, ask);
    const before = await mailsTo(ask.contactId);
    await service.deliver(RequestOptIn, ask);
    const { tenantId, contactId, enrolmentId, emailId } = ask;
    const expected = { tenantId, contactId, enrolmentId, emailId, reason };
    expect(await answersAbout(contactId)).toMatchObject([expected]);
    expect(await mailsTo(contactId)).toEqual(before);
  });

  test('When it is unknown, or another company’s, then it is gone, and nothing is learned', async () => {
    const { ask } = await anAskable();
    const { tenantId } = await aTenant(service);
    const unknown = anAsk({ tenantId });
    const foreign = { ...ask, tenantId };
    await service.deliver(RequestOptIn, [unknown, foreign]);
    expect(await answersAbout(unknown.contactId)).toMatchObject([{ reason: 'gone', tenantId }]);
    expect(await answersAbout(ask.contactId)).toMatchObject([{ reason: 'gone', tenantId }]);
    const subjects = await service.db.query('SELECT FROM subject WHERE contact_id = $1', [unknown.contactId]);
    expect(subjects).toEqual([]);
  });

  test('When somebody with its address was removed, then it stays, until the privacy officer lets it be asked', async () => {
    const person = aPerson();
    const { tenant, ask } = await anAskable({}, person);
    await twinRemoved(tenant, ask.contactId);
    await service.deliver(RequestOptIn, ask);
    await passTime(service, ask.contactId, ask.graceSeconds);
    await service.deliver(ExpungeContact, theEndOf(ask));
    expect(await saidOf(ask.contactId, 'ExpungeDeclined')).toMatchObject([{ reason: 'not-asked' }]);
    expect([await rowsOf(ask), await saidOf(ask.contactId, 'ExpungeRequested')]).toEqual([[], []]);
    const { contactId } = ask;
    const read = () => service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}/consent`);
    expect((await read()).body).toMatchObject({ state: 'not-asked' });
    await service.call(tenant.officer, 'POST', '/v1/suppressions/lift', {
      email: person.email,
      reason: 'Another one.',
    });
    await service.deliver(RequestOptIn, anAsk({ ...ask, enrolmentId: randomUUID(), emailId: randomUUID() }));
    expect(await mailsTo(contactId)).toHaveLength(1);
  });

  test('When an earlier mail came back but the address was corrected since, then it is asked', async () => {
    const { tenant, ask } = await anAskable();
    await cameBack(await earlier(tenant, ask), 'hard');
    const { email } = aPerson();
    await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${ask.contactId}`, { email });
    await service.deliver(RequestOptIn, ask);
    expect(await mailsTo(ask.contactId)).toHaveLength(2);
  });

  test('When a contact is on hold, then it is asked all the same: only its removal is forbidden', async () => {
    const { tenant, ask } = await anAskable();
    await aHold(service, tenant, ask.contactId);
    await service.deliver(RequestOptIn, ask);
    expect(await mailsTo(ask.contactId)).toHaveLength(1);
  });
});

describe('beside others', () => {
  const heldSubject = (contactId: string) => {
    return { sql: 'SELECT FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
  };

  test('When the contact is erased while the request waits for it, then no mail is sent', async () => {
    const { ask } = await anAskable();
    await service.whileHeld(
      heldSubject(ask.contactId),
      () => service.deliver(RequestOptIn, ask),
      (eraser) => erase(eraser, ask.contactId),
    );
    expect(await mailsTo(ask.contactId)).toEqual([]);
    expect(await answersAbout(ask.contactId)).toMatchObject([{ reason: 'gone' }]);
  });

  test('When the person opts in while a reminder waits for the contact, then no reminder is sent', async () => {
    const { ask } = await anAskable({ template: 'opt-in-reminder' });
    await service.whileHeld(
      heldSubject(ask.contactId),
      () => service.deliver(RequestOptIn, ask),
      (form) => form.query(`UPDATE contact SET consent = 'opted-in' WHERE id = $1`, [ask.contactId]),
    );
    expect(await answersAbout(ask.contactId)).toMatchObject([{ reason: 'opted-in' }]);
  });

  test('When the same request comes twice at once, then one mail is sent', async () => {
    const { ask } = await anAskable();
    const both = () => Promise.all([service.deliver(RequestOptIn, ask), service.deliver(RequestOptIn, ask)]);
    await service.whileHeld({ ...heldSubject(ask.contactId), waiting: 2 }, both);
    const [first, again] = await mailsTo(ask.contactId);
    expect(again).toEqual(first);
  });
});

describe('a batch', () => {
  test('When 300 are asked, of which some are not, then it takes as many statements as for one', async () => {
    const tenant = await aTenant(service);
    const ids = await manyContacts(service, tenant, 301);
    const asks = ids.map((contactId) => anAsk({ tenantId: tenant.tenantId, contactId }));
    const unknown = many(30, () => anAsk({ tenantId: tenant.tenantId }));
    const one = await countStatements(service.appDb, () => service.deliver(RequestOptIn, asks[0]!));
    const all = await countStatements(service.appDb, () =>
      service.deliver(RequestOptIn, [...asks.slice(1), ...unknown]),
    );
    expect(all).toBe(one);
    const sent = (await service.outbox()).filter(({ type, key }) => type === 'SendEmail' && ids.includes(key));
    expect(sent).toHaveLength(301);
  });

  test('When two companies are in one chunk, then each contact is asked for its own', async () => {
    const [here, there] = [await anAskable(), await anAskable()];
    expect(await service.deliver(RequestOptIn, [here.ask, there.ask])).toMatchObject({ handled: 2 });
    for (const { ask } of [here, there]) {
      expect(await mailsTo(ask.contactId)).toMatchObject([{ tenantId: ask.tenantId }]);
    }
  });

  test.each([
    ['a template there is not', { template: 'newsletter' }],
    ['a negative grace', { graceSeconds: -1 }],
    ['a link that is never valid', { linkValidSeconds: 0 }],
    ['an enrolment that is no id', { enrolmentId: 'first' }],
  ])('When a request has %s, then it is parked and the others are done', async (_, wrong) => {
    const { tenant, ask } = await anAskable();
    const bad = anAsk({ tenantId: tenant.tenantId, contactId: await aContact(service, tenant), ...(wrong as object) });
    expect(await service.deliver(RequestOptIn, [bad, ask])).toMatchObject({ parked: 1, handled: 1 });
    expect(await mailsTo(ask.contactId)).toHaveLength(1);
  });
});

test('When an asked contact is erased, then its requests go with it, and the evidence counts them', async () => {
  const { tenant, ask } = await anAskable();
  await anAsked(service, tenant, ask);
  const removal = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${ask.contactId}/expunge`);
  const { tenantId, contactId } = ask;
  await service.deliver(
    EraseContactData,
    anEraseCommand({ tenantId, contactId, expungeId: String(removal.body.expungeId) }),
  );
  const [erased] = await saidOf(contactId, 'ContactDataErased');
  expect(erased!.stores).toContainEqual({ store: 'consent_requests', erased: 1, remaining: 0 });
  expect(await rowsOf(ask)).toEqual([]);
});

test('When a person signs up again and again, then nobody asks: an account is consent enough', async () => {
  const tenant = await aTenant(service);
  const { contactId } = await anAccount(service, tenant);
  await service.deliver(RequestOptIn, anAsk({ tenantId: tenant.tenantId, contactId }));
  expect(await answersAbout(contactId)).toMatchObject([{ reason: 'opted-in' }]);
});
