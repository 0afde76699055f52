import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Data, EmailBounced, EmailRejected, ExpungeContact, RequestOptIn } from '#contracts';
import { countStatements } from '../../../../test/support/statements.js';
import { aHold, inMs, liftHold } from '../../test/a-hold.js';
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
  type Caller,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';
import type { ConsentView } from './consent-view.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const consentOf = async (caller: Caller, contactId: string) =>
  (await service.call(caller, 'GET', `/v1/contacts/${contactId}/consent`)).body;
const set = (contactId: string, what: string) =>
  service.db.query(`UPDATE contact SET ${what} WHERE id = $1`, [contactId]);
/** Just now, by the database's clock: a time still to come counts as that. */
const bounce = (ask: Data<RequestOptIn>, kind: Data<EmailBounced>['kind']) =>
  service.deliver(EmailBounced, { ...mailOf(ask), kind, code: 'dsn-5-1-1', at: inMs(60_000) });
const reject = (ask: Data<RequestOptIn>) =>
  service.deliver(EmailRejected, { ...mailOf(ask), permanent: true, code: 'smtp-550', at: new Date().toISOString() });
const stop = (caller: Caller, contactIds: unknown) =>
  service.call(caller, 'POST', '/v1/consent-requests/stop', { contactIds });
const list = (caller: Caller, workflowId: string, more = '') =>
  service.call(caller, 'GET', `/v1/consent-requests?workflowId=${workflowId}${more}`);

/** What the form writes when the person decides. */
async function decide({ tenantId, contactId, emailId }: Data<RequestOptIn>, decision: 'opted-in' | 'declined') {
  await set(contactId, `consent = '${decision}', consent_at = now()`);
  await service.db.query(
    `WITH shown AS (
       INSERT INTO consent_text (hash, language, version, text) VALUES ('test', 'en', 1, 'Stay?') ON CONFLICT DO NOTHING)
     SELECT 1`,
  );
  await service.db.query(
    `INSERT INTO consent_record (id, tenant_id, contact_id, email_id, decision, how, text_hash)
     VALUES (gen_random_uuid(), $1, $2, $3, $4, 'form', 'test')`,
    [tenantId, contactId, emailId, decision],
  );
}

describe('where a contact stands', () => {
  type Make = (tenant: TestTenant, contactId: string) => Promise<unknown>;
  const asked = (tenant: TestTenant, contactId: string, given: Partial<Data<RequestOptIn>> = {}) =>
    anAsked(service, tenant, { contactId, ...given });
  const cases: [string, string, Make][] = [
    ['not asked', 'nobody has asked it', () => Promise.resolve()],
    [
      'asked',
      'the mail was not accepted yet',
      (tenant, contactId) => service.deliver(RequestOptIn, anAsk({ tenantId: tenant.tenantId, contactId })),
    ],
    ['asked, 30 days left', 'the mail was accepted just now', asked],
    [
      'asked, 1 day left',
      'a second of the last day is left',
      async (tenant, contactId) => {
        await asked(tenant, contactId);
        await passTime(service, contactId, 30 * DAY_SECONDS - 60);
      },
    ],
    [
      'asked, 0 days left',
      'the time is over',
      async (tenant, contactId) => {
        await asked(tenant, contactId);
        await passTime(service, contactId, 31 * DAY_SECONDS);
      },
    ],
    [
      'asked',
      'nobody is removed by its workflow',
      (tenant, contactId) => asked(tenant, contactId, { graceSeconds: 0 }),
    ],
    [
      'asked, 30 days left',
      'two workflows ask it, of which one ends earlier',
      async (tenant, contactId) => {
        await asked(tenant, contactId, { graceSeconds: 2 * DAY_SECONDS });
        await asked(tenant, contactId);
      },
    ],
    [
      'opted in',
      'it agreed',
      async (tenant, contactId) => {
        await decide(await asked(tenant, contactId), 'opted-in');
      },
    ],
    [
      'declined, 30 days left',
      'it declined',
      async (tenant, contactId) => {
        await decide(await asked(tenant, contactId), 'declined');
      },
    ],
    [
      'declined, 30 days left',
      'it complained',
      async (tenant, contactId) => {
        await bounce(await asked(tenant, contactId), 'complaint');
      },
    ],
    [
      'undeliverable',
      'its mail came back',
      async (tenant, contactId) => {
        await bounce(await asked(tenant, contactId), 'hard');
      },
    ],
    [
      'undeliverable',
      'one of two workflows has found that nobody is reached',
      async (tenant, contactId) => {
        const first = await asked(tenant, contactId);
        await asked(tenant, contactId);
        await bounce(first, 'hard');
      },
    ],
    [
      'undeliverable',
      'its mail was refused',
      async (tenant, contactId) => {
        const ask = anAsk({ tenantId: tenant.tenantId, contactId });
        await service.deliver(RequestOptIn, ask);
        await reject(ask);
      },
    ],
    [
      'undeliverable',
      'its mail came back for now',
      async (tenant, contactId) => {
        await bounce(await asked(tenant, contactId), 'soft');
      },
    ],
    [
      'asked, 30 days left',
      'its mail came back for now, and the next one arrived',
      async (tenant, contactId) => {
        const first = await asked(tenant, contactId);
        await bounce(first, 'soft');
        await asked(tenant, contactId, { ...first, emailId: randomUUID() });
      },
    ],
    [
      'not asked',
      'it has another address now',
      async (tenant, contactId) => {
        await asked(tenant, contactId);
        await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: aPerson().email });
      },
    ],
    [
      'on hold',
      'a hold is in force',
      async (tenant, contactId) => {
        await asked(tenant, contactId);
        await aHold(service, tenant, contactId);
      },
    ],
    [
      'asked, 30 days left',
      'its hold was lifted',
      async (tenant, contactId) => {
        await asked(tenant, contactId);
        await liftHold(service, tenant, contactId, await aHold(service, tenant, contactId));
      },
    ],
    [
      'stopped',
      'a recruiter stopped it',
      async (tenant, contactId) => {
        await asked(tenant, contactId);
        await stop(tenant.recruiter, [contactId]);
      },
    ],
    [
      'stopped',
      'it was stopped and a later workflow wants to ask it',
      async (tenant, contactId) => {
        await asked(tenant, contactId, { graceSeconds: DAY_SECONDS });
        await stop(tenant.recruiter, [contactId]);
        await asked(tenant, contactId);
      },
    ],
  ];

  test.each(cases)('"%s": when %s', async (words, _, make) => {
    const tenant = await aTenant(service);
    const contactId = await aContact(service, tenant);
    await make(tenant, contactId);
    const state = words.split(',')[0]!.replaceAll(' ', '-');
    const days = /\d+/.exec(words);
    const expected = { contactId, state, words, daysLeft: days ? Number(days[0]) : null };
    expect(await consentOf(tenant.recruiter, contactId)).toMatchObject(expected);
    expect(await consentOf(tenant.officer, contactId)).toMatchObject(expected);
  });

  test('When it is read with the contact, then what the person decided is there', async () => {
    const tenant = await aTenant(service);
    const ask = await anAsked(service, tenant);
    const read = () => service.call(tenant.recruiter, 'GET', `/v1/contacts/${ask.contactId}`);
    expect((await read()).body).toMatchObject({ consent: 'none' });
    await decide(ask, 'opted-in');
    expect((await read()).body).toMatchObject({ consent: 'opted-in' });
    const found = await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', {});
    expect(found.body.items).toMatchObject([{ id: ask.contactId, consent: 'opted-in' }]);
  });

  test('When the contact is unknown, another company’s or removed, then 404 or 410', async () => {
    const tenant = await aTenant(service);
    const { contactId } = await anAsked(service, tenant);
    const path = `/v1/contacts/${contactId}/consent`;
    const other = await aTenant(service);
    expect(await service.call(other.recruiter, 'GET', path)).toMatchObject({ status: 404 });
    expect(await service.call(tenant.admin, 'GET', path)).toMatchObject({ status: 403 });
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
    expect(await service.call(tenant.recruiter, 'GET', path)).toMatchObject({ status: 410 });
  });
});

describe('the timeline', () => {
  test('When things were sent, came back and were decided, then they are told, oldest first', async () => {
    const tenant = await aTenant(service);
    const first = await anAsked(service, tenant);
    await bounce(first, 'soft');
    const retry = await anAsked(service, tenant, { ...first, emailId: randomUUID() });
    const reminder = { ...first, emailId: randomUUID(), template: 'opt-in-reminder' as const };
    await anAsked(service, tenant, reminder);
    await service.deliver(ExpungeContact, [theEndOf(retry)]);
    await service.deliver(ExpungeContact, [theEndOf(retry)]);
    await decide(retry, 'declined');
    await bounce(reminder, 'complaint');
    await stop(tenant.recruiter, [first.contactId]);
    const { timeline } = (await consentOf(tenant.recruiter, first.contactId)) as unknown as ConsentView;
    expect(timeline.map(({ what, reason }) => (reason === null ? what : `${what} ${reason}`))).toEqual([
      'asked',
      'accepted',
      'bounced-soft dsn-5-1-1',
      'asked',
      'accepted',
      'reminded',
      'accepted',
      'not-removed too-early',
      'declined form',
      'complained',
      'stopped',
    ]);
    expect(timeline[7]).toMatchObject({ times: 2, emailId: null });
    expect(timeline.at(-1)).toMatchObject({ by: tenant.recruiter.subject });
    expect(timeline[3]).toMatchObject({ emailId: retry.emailId, by: null, times: null, lastAt: null });
  });
});

describe('who is waiting', () => {
  /** Of each state one contact, of `asked` two, in the order of their ids. */
  async function aWorkflow() {
    const tenant = await aTenant(service);
    const workflowId = randomUUID();
    const asks = await askMany(service, tenant, await manyContacts(service, tenant, 7), { workflowId });
    const [, , optedIn, declined, back, held, stopped] = asks as [unknown, unknown, ...Data<RequestOptIn>[]];
    await decide(optedIn!, 'opted-in');
    await decide(declined!, 'declined');
    await bounce(back!, 'hard');
    await aHold(service, tenant, held!.contactId);
    await stop(tenant.recruiter, [stopped!.contactId]);
    await anAsked(service, tenant);
    const elsewhere = await aTenant(service);
    await anAsked(service, elsewhere, { workflowId });
    return { tenant, workflowId, ids: asks.map(({ contactId }) => contactId).toSorted(), held: held!.contactId };
  }

  const statesIn = (body: Record<string, unknown>) =>
    Object.fromEntries((body.counts as { state: string; contacts: number }[]).map((one) => [one.state, one.contacts]));
  const itemsIn = (body: Record<string, unknown>) => body.items as { contactId: string; state: string }[];

  test('When a workflow is looked at, then all it has asked are there with their states, counted, and nobody else', async () => {
    const { tenant, workflowId, ids } = await aWorkflow();
    const { status, body } = await list(tenant.recruiter, workflowId);
    expect(status).toBe(200);
    expect(itemsIn(body).map(({ contactId }) => contactId)).toEqual(ids);
    expect(statesIn(body)).toEqual({
      asked: 2,
      'opted-in': 1,
      declined: 1,
      undeliverable: 1,
      'on-hold': 1,
      stopped: 1,
    });
    expect(body).toMatchObject({ countedAll: true });
    expect(body.next).toBeUndefined();
  });

  test('When it is read page by page, then everybody is there once, and only the first page counts', async () => {
    const { tenant, workflowId, ids } = await aWorkflow();
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 4; page += 1) {
      const { body } = await list(tenant.recruiter, workflowId, `&limit=2${cursor}`);
      seen.push(...itemsIn(body).map(({ contactId }) => contactId));
      expect('counts' in body).toBe(page === 0);
      expect('next' in body).toBe(page < 3);
      cursor = `&cursor=${String(body.next)}`;
    }
    expect(seen).toEqual(ids);
  });

  test('When one state is wanted, then only that is listed, and all are counted', async () => {
    const { tenant, workflowId } = await aWorkflow();
    for (const state of ['opted-in', 'declined', 'undeliverable', 'on-hold', 'stopped']) {
      const { body } = await list(tenant.recruiter, workflowId, `&state=${state}`);
      expect(itemsIn(body)).toMatchObject([{ state }]);
      expect(statesIn(body)).toMatchObject({ asked: 2 });
    }
    expect(itemsIn((await list(tenant.recruiter, workflowId, '&state=not-asked')).body)).toEqual([]);
  });

  test('When the client’s admin looks, then a hold is not to be seen', async () => {
    const { tenant, workflowId, held } = await aWorkflow();
    const { body } = await list(tenant.admin, workflowId);
    expect(statesIn(body)).not.toHaveProperty('on-hold');
    expect(itemsIn(body).find(({ contactId }) => contactId === held)).toMatchObject({ state: 'asked' });
    expect(itemsIn((await list(tenant.admin, workflowId, '&state=on-hold')).body)).toEqual([]);
  });

  test('When contacts are removed or disabled, then they wait no more', async () => {
    const tenant = await aTenant(service);
    const ask = await aSilent(service, tenant);
    const disabled = await anAsked(service, tenant, { workflowId: ask.workflowId });
    await set(disabled.contactId, `state = 'disabled', disabled_at = now()`);
    await service.deliver(ExpungeContact, theEndOf(ask));
    const { body } = await list(tenant.recruiter, ask.workflowId);
    expect([body.items, body.counts]).toEqual([[], []]);
  });

  test('When a workflow is another company’s, or there is none, then nobody is there', async () => {
    const { workflowId } = await aWorkflow();
    const { recruiter } = await aTenant(service);
    expect((await list(recruiter, workflowId)).body).toEqual({ items: [], counts: [], countedAll: true });
  });

  test.each([
    '',
    '?workflowId=mine',
    `?workflowId=${randomUUID()}&state=gone`,
    `?workflowId=${randomUUID()}&limit=0`,
    `?workflowId=${randomUUID()}&limit=201`,
    `?workflowId=${randomUUID()}&cursor=x`,
  ])('When it is asked for with "%s", then 400', async (query) => {
    const { recruiter } = await aTenant(service);
    expect(await service.call(recruiter, 'GET', `/v1/consent-requests${query}`)).toMatchObject({ status: 400 });
  });
});

describe('stopping', () => {
  const stopsOf = async (contactId: string) =>
    (await service.said(contactId))
      .filter(({ type }) => type === 'StopEnrolments')
      .map(({ data }) => String(data.contactId));

  test('When contacts are stopped, then their enrolments are told, it is audited, and again nothing happens', async () => {
    const tenant = await aTenant(service);
    const [one, other, untouched] = [
      await anAsked(service, tenant),
      await anAsked(service, tenant),
      await anAsked(service, tenant),
    ];
    await anAsked(service, tenant, { ...one, emailId: randomUUID(), template: 'opt-in-reminder' });
    await anAsked(service, tenant, { contactId: one.contactId });
    const contactIds = [one.contactId, other.contactId, one.contactId.toUpperCase(), randomUUID()];
    expect(await stop(tenant.recruiter, contactIds)).toMatchObject({ status: 200, body: { stopped: 2 } });
    for (const { contactId } of [one, other]) expect(await stopsOf(contactId)).toEqual([contactId]);
    expect(await stopsOf(untouched.contactId)).toEqual([]);
    expect(await stop(tenant.recruiter, contactIds)).toMatchObject({ status: 200, body: { stopped: 0 } });
    expect(await stopsOf(one.contactId)).toHaveLength(1);
    const audit = await service.db.query(
      `SELECT actor, target FROM audit_log WHERE tenant_id = $1 AND action = 'consent-request.stopped' ORDER BY target`,
      [tenant.tenantId],
    );
    const actor = tenant.recruiter.subject;
    expect(audit).toEqual([one.contactId, other.contactId].toSorted().map((target) => ({ actor, target })));
  });

  test('When contacts are stopped before anybody has asked them, then nobody does, whichever workflow wants to', async () => {
    const tenant = await aTenant(service);
    const [one, other] = await manyContacts(service, tenant, 2);
    expect((await stop(tenant.recruiter, [one, other])).body).toEqual({ stopped: 2 });
    expect(await stopsOf(one!)).toEqual([one]);
    const asks = [one, one, other].map((contactId) => anAsk({ tenantId: tenant.tenantId, contactId }));
    await service.deliver(RequestOptIn, asks);
    const said = await service.said(one!);
    expect(said.filter(({ type }) => type === 'SendEmail')).toEqual([]);
    expect(said.filter(({ type }) => type === 'OptInNotSent').map(({ data }) => data.reason)).toEqual([
      'stopped',
      'stopped',
    ]);
    expect(await consentOf(tenant.recruiter, other!)).toMatchObject({
      state: 'stopped',
      timeline: [{ what: 'stopped' }],
    });
    expect((await stop(tenant.recruiter, [one, other])).body).toEqual({ stopped: 0 });
  });

  test('When who is named has opted in, is another company’s or is being removed, then it is not counted', async () => {
    const [tenant, other] = [await aTenant(service), await aTenant(service)];
    const [agreed, foreign, going] = [
      await anAsked(service, tenant),
      await anAsked(service, other),
      await aSilent(service, tenant),
    ];
    await decide(agreed, 'opted-in');
    await service.deliver(ExpungeContact, theEndOf(going));
    const contactIds = [agreed, foreign, going].map(({ contactId }) => contactId);
    expect((await stop(tenant.admin, contactIds)).body).toEqual({ stopped: 0 });
    for (const contactId of contactIds) expect(await stopsOf(contactId)).toEqual([]);
  });

  test('When a thousand are stopped, then it takes as many statements as for one', async () => {
    const tenant = await aTenant(service);
    const ids = await manyContacts(service, tenant, 1_001);
    await askMany(service, tenant, ids);
    const [first, ...others] = ids;
    const one = await countStatements(service.appDb, () => stop(tenant.recruiter, [first]));
    expect(await countStatements(service.appDb, () => stop(tenant.recruiter, others))).toBe(one);
    expect((await stop(tenant.recruiter, others)).body).toEqual({ stopped: 0 });
  });

  test.each([[[]], ['all'], [['x']], [undefined], [Array.from({ length: 1_001 }, () => randomUUID())]])(
    'When it is asked for wrongly, then 400 (%#)',
    async (contactIds) => {
      const { recruiter } = await aTenant(service);
      expect(await stop(recruiter, contactIds)).toMatchObject({ status: 400 });
    },
  );
});
