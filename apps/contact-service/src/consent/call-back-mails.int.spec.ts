import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Data, EmailAccepted, EmailBounced, EmailRejected, ExpungeContact, RequestOptIn } from '#contracts';
import { countStatements } from '../../../../test/support/statements.js';
import { answerForm, oneClick } from '../../test/opt-in-ask.js';
import { linkOf } from '../../test/opt-in-link.js';
import { anAsk, anAsked, mailOf, manyContacts, passTime, theEndOf } from '../../test/opt-in.js';
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

type Ask = Data<RequestOptIn>;
const saidOf = async (contactId: string, type: string) =>
  (await service.said(contactId)).filter((one) => one.type === type).map(({ data }) => data);
const calledBack = async ({ contactId }: Ask): Promise<string[]> =>
  (await saidOf(contactId, 'CancelEmails')).flatMap(({ emailIds }) => emailIds as string[]);
const reasonsFor = async ({ contactId }: Ask): Promise<string[]> =>
  (await saidOf(contactId, 'OptInNotSent')).map(({ emailId, reason }) => `${String(emailId)} ${String(reason)}`);
const at = () => new Date().toISOString();
const bounced = (ask: Ask, kind: Data<EmailBounced>['kind']) =>
  service.deliver(EmailBounced, { ...mailOf(ask), kind, code: 'dsn-5-1-1', at: at() });

/** A contact whose first mail has arrived and whose reminder, and the mail of another workflow, wait to be sent. */
async function aWaiting() {
  const tenant = await aTenant(service, 'off');
  const contactId = await aContact(service, tenant);
  const first = anAsk({ tenantId: tenant.tenantId, contactId });
  const reminder: Ask = { ...first, emailId: randomUUID(), template: 'opt-in-reminder' };
  const other = anAsk({ tenantId: tenant.tenantId, contactId });
  await service.deliver(RequestOptIn, [first, reminder, other]);
  await service.deliver(EmailAccepted, { ...mailOf(first), at: at() });
  return { tenant, contactId, first, waiting: [reminder, other] };
}

type Waiting = Awaited<ReturnType<typeof aWaiting>>;
const ends: [string, string | undefined, (waiting: Waiting) => Promise<unknown>][] = [
  ['it is stopped', 'stopped', ({ tenant, contactId }) => stop(tenant, [contactId])],
  ['the person opts in', 'opted-in', async ({ first }) => answerForm(service, await linkOf(service, first), 'opt-in')],
  ['the person declines', 'declined', async ({ first }) => oneClick(service, await linkOf(service, first))],
  ['the person complains', 'declined', ({ first }) => bounced(first, 'complaint')],
  ['its address does not work', 'undeliverable', ({ first }) => bounced(first, 'hard')],
  [
    'its address is refused for good',
    'undeliverable',
    ({ first }) =>
      service.deliver(EmailRejected, {
        ...mailOf({ ...first, emailId: first.emailId }),
        permanent: true,
        code: 'smtp-550',
        at: at(),
      }),
  ],
  ['it is disabled', 'disabled', async ({ first }) => answerForm(service, await linkOf(service, first), 'remove')],
  [
    'its address is corrected',
    undefined,
    ({ tenant, contactId }) =>
      service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: aPerson().email }),
  ],
];
const stop = ({ recruiter }: TestTenant, contactIds: string[]) =>
  service.call(recruiter, 'POST', '/v1/consent-requests/stop', { contactIds });

describe('mails that wait to be sent', () => {
  test.each(ends)('When %s, then they are called back, once, and their enrolments are told', async (_, reason, end) => {
    const made = await aWaiting();
    await end(made);
    // The form has no such button any more.
    await end(made).catch(() => undefined);
    const ids = made.waiting.map(({ emailId }) => emailId).toSorted();
    expect((await calledBack(made.first)).toSorted()).toEqual(ids);
    const told = reason === undefined ? [] : ids.map((id) => `${id} ${reason}`);
    expect((await reasonsFor(made.first)).toSorted()).toEqual(told);
    const { body } = await service.call(made.tenant.recruiter, 'GET', `/v1/contacts/${made.contactId}/consent`);
    const timeline = body.timeline as { what: string; emailId: string }[];
    const seen = timeline.filter(({ what }) => what === 'called-back').map(({ emailId }) => emailId);
    expect(seen.toSorted()).toEqual(ids);
  });

  test('When a mail comes back for now, or is tried again, or was for another address, then none is called back', async () => {
    const { tenant, contactId, first } = await aWaiting();
    await bounced(first, 'soft');
    await service.deliver(EmailRejected, { ...mailOf(first), permanent: false, code: 'smtp-450', at: at() });
    expect(await calledBack(first)).toEqual([]);
    await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: aPerson().email });
    const before = await calledBack(first);
    const again = anAsk({ tenantId: tenant.tenantId, contactId });
    await service.deliver(RequestOptIn, again);
    await bounced(first, 'hard');
    expect(await calledBack(first)).toEqual(before);
  });

  test('When the person answers by the link of a mail nothing was heard of yet, then that has arrived, and stays', async () => {
    const { waiting, first } = await aWaiting();
    await oneClick(service, await linkOf(service, waiting[0]!));
    expect(await calledBack(first)).toEqual([waiting[1]!.emailId]);
  });

  test('When a mail that was called back had just been handed over, then its acceptance counts', async () => {
    const { tenant, contactId, waiting } = await aWaiting();
    await stop(tenant, [contactId]);
    await service.deliver(EmailAccepted, { ...mailOf(waiting[0]!), at: at() });
    const sql = 'SELECT accepted_at IS NOT NULL AS accepted FROM opt_in_ask WHERE email_id = $1';
    expect(await service.db.query(sql, [waiting[0]!.emailId])).toEqual([{ accepted: true }]);
  });

  test('When 300 are stopped, then it takes as many statements as for one', async () => {
    const tenant = await aTenant(service);
    const asks = (await manyContacts(service, tenant, 301)).map((contactId) =>
      anAsk({ tenantId: tenant.tenantId, contactId }),
    );
    await service.deliver(RequestOptIn, asks);
    const [first, ...others] = asks.map(({ contactId }) => contactId);
    const one = await countStatements(service.appDb, () => stop(tenant, [first!]));
    expect(await countStatements(service.appDb, () => stop(tenant, others))).toBe(one);
    const said = (await service.outbox()).filter(({ type, data }) => {
      return type === 'CancelEmails' && data.tenantId === tenant.tenantId;
    });
    expect(said).toHaveLength(301);
  });
});

describe('a corrected address', () => {
  const change = ({ recruiter }: TestTenant, contactId: string, details: object) =>
    service.call(recruiter, 'PATCH', `/v1/contacts/${contactId}`, details);

  test('When it is another one, then the contact is to be asked again; when it is not, then not', async () => {
    const { tenant, contactId } = await aWaiting();
    const { email } = aPerson();
    for (const details of [
      { givenName: 'Zoë' },
      { email },
      { email: email.toUpperCase() },
      { phone: '+46 70 1234567' },
    ]) {
      expect(await change(tenant, contactId, details)).toMatchObject({ status: 200 });
    }
    expect(await saidOf(contactId, 'AskAgain')).toMatchObject([{ tenantId: tenant.tenantId, contactId }]);
  });

  test('When its first address did not work, then silence at the new one counts, from its own mail on', async () => {
    const tenant = await aTenant(service);
    const first = await anAsked(service, tenant);
    const { contactId } = first;
    await bounced(first, 'hard');
    await change(tenant, contactId, { email: aPerson().email });
    const second = await anAsked(service, tenant, { ...first, emailId: randomUUID() });
    await service.deliver(ExpungeContact, theEndOf(second));
    expect(await saidOf(contactId, 'ExpungeDeclined')).toMatchObject([{ reason: 'too-early' }]);
    await passTime(service, contactId, second.graceSeconds);
    await service.deliver(ExpungeContact, theEndOf(first));
    expect((await saidOf(contactId, 'ExpungeDeclined')).at(-1)).toMatchObject({ reason: 'not-asked' });
    await service.deliver(ExpungeContact, theEndOf(second));
    expect(await saidOf(contactId, 'ExpungeRequested')).toHaveLength(1);
  });
});
