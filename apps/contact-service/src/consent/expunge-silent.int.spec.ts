import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Data, EmailAccepted, EmailBounced, EraseContactData, ExpungeContact, RequestOptIn } from '#contracts';
import { openSeal, type SealBinding } from '#service';
import { anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { aHold, liftHold } from '../../test/a-hold.js';
import {
  anAsk,
  anAsked,
  aSilent,
  askMany,
  DAY_SECONDS,
  mailOf,
  manyContacts,
  passTime,
  theEndOf,
} from '../../test/opt-in.js';
import {
  aContact,
  aPerson,
  aTenant,
  type ContactService,
  erase,
  startContactService,
  type TestTenant,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const saidOf = async (contactId: string, type: string) =>
  (await service.said(contactId)).filter((one) => one.type === type).map(({ data }) => data);
const requestsFor = (contactId: string) => saidOf(contactId, 'ExpungeRequested');
const reasonsFor = async (contactId: string) =>
  (await saidOf(contactId, 'ExpungeDeclined')).map(({ reason }) => reason);
const auditOf = (contactId: string) =>
  service.db.query(`SELECT actor, action, detail FROM audit_log WHERE target = $1 AND actor = 'system' ORDER BY seq`, [
    contactId,
  ]);
const set = (contactId: string, what: string) =>
  service.db.query(`UPDATE contact SET ${what} WHERE id = $1`, [contactId]);
const bounce = (ask: Data<RequestOptIn>, kind: Data<EmailBounced>['kind']) =>
  service.deliver(EmailBounced, { ...mailOf(ask), kind, code: 'dsn-5-1-1', at: new Date().toISOString() });
const stop = (tenant: TestTenant, { contactId }: Data<RequestOptIn>) =>
  service.call(tenant.admin, 'POST', '/v1/consent-requests/stop', { contactIds: [contactId] });

describe('silence', () => {
  test('When a contact stayed silent for the whole grace period, then its removal begins, by the workflow', async () => {
    const tenant = await aTenant(service);
    const person = aPerson();
    const ask = await aSilent(service, tenant, { contactId: await aContact(service, tenant, person) });
    await service.deliver(ExpungeContact, theEndOf(ask));
    const { contactId, enrolmentId } = ask;
    const [requested] = await requestsFor(contactId);
    expect(requested).toMatchObject({ reason: 'no-opt-in', requestedBy: 'workflow' });
    const binding = { ...requested, purpose: 'expunge-confirmation' } as unknown as SealBinding;
    const recipient = await openSeal(service.keyring, String(requested!.sealedRecipient), binding);
    expect(recipient.address).toBe(person.email);
    expect(await reasonsFor(contactId)).toEqual([]);
    const detail = { expungeId: requested!.expungeId, requestedBy: 'workflow', enrolmentId };
    expect(await auditOf(contactId)).toEqual([{ actor: 'system', action: 'expunge.requested', detail }]);
    const read = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}`);
    expect(read.status).toBe(410);
  });

  test('When the command comes again, alone or in one batch, then there is one removal', async () => {
    const ask = await aSilent(service, await aTenant(service));
    await service.deliver(ExpungeContact, [theEndOf(ask), theEndOf(ask)]);
    expect([await requestsFor(ask.contactId), await reasonsFor(ask.contactId)]).toMatchObject([[{}], []]);
    await service.deliver(ExpungeContact, theEndOf(ask));
    expect(await requestsFor(ask.contactId)).toHaveLength(1);
    expect(await reasonsFor(ask.contactId)).toEqual(['gone']);
  });

  test('When two enrolments of one contact end in one batch, then it goes once and is gone for the other', async () => {
    const tenant = await aTenant(service);
    const first = await aSilent(service, tenant);
    const second = await anAsked(service, tenant, { contactId: first.contactId });
    await passTime(service, first.contactId, second.graceSeconds);
    await service.deliver(ExpungeContact, [theEndOf(first), theEndOf(second)]);
    expect(await requestsFor(first.contactId)).toHaveLength(1);
    expect(await saidOf(first.contactId, 'ExpungeDeclined')).toMatchObject([
      { enrolmentId: second.enrolmentId, reason: 'gone' },
    ]);
  });

  test.each([
    ['declined', (_: unknown, { contactId }: Data<RequestOptIn>) => set(contactId, `consent = 'declined'`)],
    ['complained', (_: unknown, ask: Data<RequestOptIn>) => bounce(ask, 'complaint')],
  ])('When the person %s, then that does not protect: who did not opt in goes', async (_, make) => {
    const tenant = await aTenant(service);
    const ask = await aSilent(service, tenant);
    await make(tenant, ask);
    await service.deliver(ExpungeContact, theEndOf(ask));
    expect(await requestsFor(ask.contactId)).toHaveLength(1);
  });

  test('When the removal is carried out, then requests and reasons go with the contact', async () => {
    const tenant = await aTenant(service);
    const ask = await aSilent(service, tenant);
    const { tenantId, contactId } = ask;
    await liftHold(service, tenant, contactId, await declinedForHold(tenant, ask));
    await service.deliver(ExpungeContact, theEndOf(ask));
    const [{ expungeId }] = (await requestsFor(contactId)) as [{ expungeId: string }];
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId, expungeId }));
    const [erased] = await saidOf(contactId, 'ContactDataErased');
    // The hold and the removal that it put off are one line: the person is not told of a hold.
    expect(erased!.stores).toContainEqual({ store: 'request_records', erased: 2, remaining: 0 });
    expect(erased!.stores).toContainEqual({ store: 'consent_requests', erased: 1, remaining: 0 });
  });
});

async function declinedForHold(tenant: TestTenant, ask: Data<RequestOptIn>): Promise<string> {
  const holdId = await aHold(service, tenant, ask.contactId);
  await service.deliver(ExpungeContact, theEndOf(ask));
  expect(await reasonsFor(ask.contactId)).toEqual(['held']);
  return holdId;
}

describe('who stays', () => {
  type Make = (tenant: TestTenant, ask: Data<RequestOptIn>) => Promise<unknown>;
  const cases: [string, string, Make][] = [
    ['gone', 'is disabled', (_, { contactId }) => set(contactId, `state = 'disabled', disabled_at = now()`)],
    ['gone', 'is erased', (_, { contactId }) => service.db.transaction((tx) => eraseAll(tx.queryRunner!, contactId))],
    ['opted-in', 'opted in', (_, { contactId }) => set(contactId, `consent = 'opted-in'`)],
    ['opted-in', 'has an account', (_, { contactId }) => set(contactId, `candidate_subject = id::text`)],
    ['stopped', 'was stopped', stop],
    ['held', 'is on hold', (tenant, { contactId }) => aHold(service, tenant, contactId)],
    ['kill-switch', 'has a company with the kill switch on', (tenant) => tenant.setKillSwitch(true)],
    ['policy-off', 'has a company with the policy off', (tenant) => tenant.setPolicy('off')],
    [
      'not-asked',
      'has another address now',
      (tenant, { contactId }) =>
        service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: aPerson().email }),
    ],
    ['bounced', 'cannot be reached', (_, ask) => bounce(ask, 'hard')],
    ['bounced', 'could not be reached', (_, ask) => bounce(ask, 'soft')],
    ['too-early', 'has a second left', (_, { contactId }) => passTime(service, contactId, -1)],
  ];
  const eraseAll = async (runner: Parameters<typeof erase>[0], contactId: string) => {
    await runner.query('DELETE FROM opt_in_ask WHERE contact_id = $1', [contactId]);
    await erase(runner, contactId);
  };

  test.each(cases)('%s: when a contact %s', async (reason, _, make) => {
    const tenant = await aTenant(service);
    const ask = await aSilent(service, tenant);
    await make(tenant, ask);
    await service.deliver(ExpungeContact, theEndOf(ask));
    const { tenantId, contactId, enrolmentId } = ask;
    expect(await requestsFor(contactId)).toEqual([]);
    expect(await saidOf(contactId, 'ExpungeDeclined')).toMatchObject([{ tenantId, contactId, enrolmentId, reason }]);
  });

  test.each([
    ['another mail is named', { emailId: randomUUID() }],
    ['another enrolment is named', { enrolmentId: randomUUID() }],
  ])('not-asked: when %s', async (_, wrong) => {
    const ask = await aSilent(service, await aTenant(service));
    await service.deliver(ExpungeContact, theEndOf(ask, wrong));
    expect(await reasonsFor(ask.contactId)).toEqual(['not-asked']);
  });

  test('When another company names the contact, then it is gone for that one, and stays', async () => {
    const ask = await aSilent(service, await aTenant(service));
    const { tenantId } = await aTenant(service);
    await service.deliver(ExpungeContact, theEndOf(ask, { tenantId }));
    expect(await requestsFor(ask.contactId)).toEqual([]);
    expect(await saidOf(ask.contactId, 'ExpungeDeclined')).toMatchObject([{ tenantId, reason: 'gone' }]);
  });

  test('When a mail was refused, and the retry was accepted late, then the grace counts from the retry', async () => {
    const tenant = await aTenant(service);
    const first = await anAsked(service, tenant);
    await bounce(first, 'soft');
    await passTime(service, first.contactId, DAY_SECONDS);
    const retry = await anAsked(service, tenant, { ...first, emailId: randomUUID() });
    await passTime(service, first.contactId, first.graceSeconds - 1);
    await service.deliver(ExpungeContact, theEndOf(retry));
    expect(await reasonsFor(first.contactId)).toEqual(['too-early']);
    await passTime(service, first.contactId, 1);
    await service.deliver(ExpungeContact, theEndOf(retry));
    expect(await requestsFor(first.contactId)).toHaveLength(1);
  });

  test('When another workflow has asked too and promised more, then its promise is kept as well', async () => {
    const tenant = await aTenant(service);
    const long = await anAsked(service, tenant);
    const short = await aSilent(service, tenant, { contactId: long.contactId, graceSeconds: 2 * DAY_SECONDS });
    await service.deliver(ExpungeContact, theEndOf(short));
    expect(await reasonsFor(long.contactId)).toEqual(['too-early']);
    await passTime(service, long.contactId, 28 * DAY_SECONDS);
    await service.deliver(ExpungeContact, theEndOf(short));
    expect(await requestsFor(long.contactId)).toHaveLength(1);
  });

  test("When another workflow's mail came back for good, then that protects while it is the same address", async () => {
    const tenant = await aTenant(service);
    const other = await anAsked(service, tenant);
    const ask = await aSilent(service, tenant, { contactId: other.contactId });
    await bounce(other, 'hard');
    await service.deliver(ExpungeContact, theEndOf(ask));
    expect([await requestsFor(ask.contactId), await reasonsFor(ask.contactId)]).toEqual([[], ['bounced']]);
  });

  test('When the bounce is heard of before the acceptance, then it protects all the same', async () => {
    const tenant = await aTenant(service);
    const ask = anAsk({ tenantId: tenant.tenantId, contactId: await aContact(service, tenant) });
    await service.deliver(RequestOptIn, ask);
    await bounce(ask, 'hard');
    await service.deliver(EmailAccepted, { ...mailOf(ask), at: new Date().toISOString() });
    await passTime(service, ask.contactId, ask.graceSeconds);
    await service.deliver(ExpungeContact, theEndOf(ask));
    expect(await reasonsFor(ask.contactId)).toEqual(['bounced']);
  });

  test('When a contact stays for the same reason again and again, then that is one line with a count, audited once', async () => {
    const tenant = await aTenant(service);
    const ask = await aSilent(service, tenant);
    await tenant.setKillSwitch(true);
    for (let n = 0; n < 3; n += 1) await service.deliver(ExpungeContact, theEndOf(ask));
    await tenant.setKillSwitch(false);
    await tenant.setPolicy('off');
    await service.deliver(ExpungeContact, theEndOf(ask));
    const rows = await service.db.query(
      'SELECT reason, times FROM expunge_decline WHERE contact_id = $1 ORDER BY first_at',
      [ask.contactId],
    );
    expect(rows).toEqual([
      { reason: 'kill-switch', times: 3 },
      { reason: 'policy-off', times: 1 },
    ]);
    expect(await reasonsFor(ask.contactId)).toHaveLength(4);
    const { enrolmentId } = ask;
    expect(await auditOf(ask.contactId)).toEqual([
      { actor: 'system', action: 'expunge.declined', detail: { enrolmentId, reason: 'kill-switch' } },
      { actor: 'system', action: 'expunge.declined', detail: { enrolmentId, reason: 'policy-off' } },
    ]);
  });
});

describe('what comes while the command waits for its locks wins', () => {
  const subject = ({ contactId }: Data<RequestOptIn>) => {
    return { sql: 'SELECT FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
  };
  const company = ({ tenantId }: Data<RequestOptIn>) => {
    return { sql: 'SELECT FROM tenant WHERE id = $1 FOR UPDATE', values: [tenantId] };
  };
  const cases: [string, string, (ask: Data<RequestOptIn>) => { sql: string; values: unknown[] }, string][] = [
    ['opted-in', 'an opt-in', subject, `UPDATE contact SET consent = 'opted-in' WHERE id = $1`],
    [
      'held',
      'a hold',
      subject,
      `INSERT INTO hold (id, tenant_id, contact_id, case_reference, reason, placed_by)
       SELECT gen_random_uuid(), tenant_id, id, 'C 1', 'litigation', 'officer' FROM contact WHERE id = $1`,
    ],
    [
      'stopped',
      'a stop',
      subject,
      `UPDATE opt_in_ask SET stopped_at = now(), stopped_by = 'rita' WHERE contact_id = $1`,
    ],
    [
      'bounced',
      'a bounce',
      subject,
      `UPDATE opt_in_ask SET bounced_at = now(), bounce_kind = 'hard' WHERE contact_id = $1`,
    ],
    ['not-asked', 'another address', subject, `UPDATE opt_in_ask SET address_changed_at = now() WHERE contact_id = $1`],
    [
      'policy-off',
      'a change of policy',
      company,
      `UPDATE tenant SET expunge_policy = 'off', expunge_from = NULL, soft_deleted = NULL WHERE id = $1`,
    ],
    ['kill-switch', 'the kill switch', company, 'UPDATE tenant SET kill_switch_since = now() WHERE id = $1'],
  ];

  test.each(cases)('%s: %s', async (reason, _, lockOf, change) => {
    const ask = await aSilent(service, await aTenant(service));
    const held = lockOf(ask);
    await service.whileHeld(
      held,
      () => service.deliver(ExpungeContact, theEndOf(ask)),
      (tx) => tx.query(change, held.values),
    );
    expect([await requestsFor(ask.contactId), await reasonsFor(ask.contactId)]).toEqual([[], [reason]]);
  });

  test('When a recruiter stops it in the same moment, then either it was stopped or the removal had begun', async () => {
    const tenant = await aTenant(service);
    const ask = await aSilent(service, tenant);
    const [stopped] = await service.whileHeld({ ...subject(ask), waiting: 2 }, () =>
      Promise.all([stop(tenant, ask), service.deliver(ExpungeContact, theEndOf(ask))]),
    );
    const begun = (await requestsFor(ask.contactId)).length;
    expect([stopped.body.stopped, begun]).toEqual(begun === 0 ? [1, 0] : [0, 1]);
  });
});

describe('a batch', () => {
  test('When 300 end at once, some of whom stay, then it takes as many statements as for two', async () => {
    const tenant = await aTenant(service);
    const asks = await askMany(service, tenant, await manyContacts(service, tenant, 302));
    const ids = asks.map(({ contactId }) => contactId);
    await passTime(service, ids, 30 * DAY_SECONDS);
    const isEarly = (n: number): boolean => n % 3 === 0;
    await passTime(
      service,
      ids.filter((_, n) => isEarly(n)),
      -600,
    );
    const ends = asks.map((ask) => theEndOf(ask));
    const few = await countStatements(service.appDb, () => service.deliver(ExpungeContact, ends.slice(0, 2)));
    const all = await countStatements(service.appDb, () => service.deliver(ExpungeContact, ends.slice(2)));
    expect(all).toBe(few);
    const states: { state: string }[] = await service.db.query(
      'SELECT state FROM contact JOIN unnest($1::uuid[]) WITH ORDINALITY AS given (id, n) USING (id) ORDER BY n',
      [ids],
    );
    expect(states.map(({ state }) => state)).toEqual(ids.map((_, n) => (isEarly(n) ? 'active' : 'expunging')));
  });

  test('When two companies are in one chunk, then each is judged by its own policy', async () => {
    const [on, off] = [await aTenant(service), await aTenant(service)];
    const [goes, stays] = [await aSilent(service, on), await aSilent(service, off)];
    await off.setPolicy('off');
    await service.deliver(ExpungeContact, [theEndOf(goes), theEndOf(stays)]);
    expect([await requestsFor(goes.contactId), await requestsFor(stays.contactId)]).toMatchObject([[{}], []]);
    expect(await reasonsFor(stays.contactId)).toEqual(['policy-off']);
  });

  test('When a message is not valid, then it is parked and the others are done', async () => {
    const ask = await aSilent(service, await aTenant(service));
    const bad = theEndOf(await aSilent(service, await aTenant(service)), { graceSeconds: 0 });
    expect(await service.deliver(ExpungeContact, [bad, theEndOf(ask)])).toMatchObject({ parked: 1, handled: 1 });
    expect([await requestsFor(bad.contactId), await requestsFor(ask.contactId)]).toMatchObject([[], [{}]]);
  });
});

describe('the daily cap', () => {
  let capped: ContactService;
  beforeAll(async () => {
    capped = await startContactService({ SILENT_EXPUNGES_PER_DAY: '5' });
  });
  afterAll(() => capped.stop());

  const silentOnes = async (tenant: TestTenant, count: number) => {
    const asks = await askMany(capped, tenant, await manyContacts(capped, tenant, count));
    await passTime(
      capped,
      asks.map(({ contactId }) => contactId),
      30 * DAY_SECONDS,
    );
    return asks.map((ask) => theEndOf(ask));
  };
  const countOf = async (type: string, { tenantId }: TestTenant) =>
    (await capped.outbox()).filter((one) => one.type === type && one.data.tenantId === tenantId).length;

  test('When more end than may go in a day, then as many go, the others stay and say why, and go the next day', async () => {
    const tenant = await aTenant(capped);
    const ends = await silentOnes(tenant, 8);
    await capped.deliver(ExpungeContact, ends.slice(0, 7));
    expect([await countOf('ExpungeRequested', tenant), await countOf('ExpungeDeclined', tenant)]).toEqual([5, 2]);
    await capped.deliver(ExpungeContact, ends.slice(7));
    const declined = (await capped.outbox()).filter((one) => one.type === 'ExpungeDeclined');
    expect(declined.map(({ data }) => data.reason)).toEqual(many(3, () => 'daily-cap'));
    await capped.db.query('UPDATE silent_expunge_day SET day = day - 1 WHERE tenant_id = $1', [tenant.tenantId]);
    await capped.deliver(ExpungeContact, ends.slice(5));
    expect(await countOf('ExpungeRequested', tenant)).toBe(8);
  });

  test('When two batches end at once, then no more go than may', async () => {
    const tenant = await aTenant(capped);
    const ends = await silentOnes(tenant, 9);
    await capped.deliver(ExpungeContact, ends.slice(0, 1));
    const held = { sql: 'SELECT FROM silent_expunge_day WHERE tenant_id = $1 FOR UPDATE', values: [tenant.tenantId] };
    await capped.whileHeld({ ...held, waiting: 2 }, () =>
      Promise.all([capped.deliver(ExpungeContact, ends.slice(1, 5)), capped.deliver(ExpungeContact, ends.slice(5))]),
    );
    expect([await countOf('ExpungeRequested', tenant), await countOf('ExpungeDeclined', tenant)]).toEqual([5, 4]);
  });

  test('When one company has used up its day, then another has not, and who stays for another reason does not count', async () => {
    const [full, other] = [await aTenant(capped), await aTenant(capped)];
    await capped.deliver(ExpungeContact, await silentOnes(full, 5));
    const ends = await silentOnes(other, 8);
    await passTime(
      capped,
      ends.slice(0, 3).map(({ contactId }) => contactId),
      -60,
    );
    await capped.deliver(ExpungeContact, ends);
    expect(await countOf('ExpungeRequested', other)).toBe(5);
  });
});
