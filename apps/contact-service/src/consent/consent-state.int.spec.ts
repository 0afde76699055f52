import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ExpungeContact, RequestOptIn } from '#contracts';
import { inTenant } from '#messaging';
import { aHold } from '../../test/a-hold.js';
import { answerForm } from '../../test/opt-in-ask.js';
import { anAsk, anAsked, askMany, DAY_SECONDS, manyContacts, passTime, theEndOf } from '../../test/opt-in.js';
import { aTenant, type Caller, type ContactService, startContactService, type TestTenant } from '../../test/start.js';
import { countStandings, standingsOf } from './consent-state.js';
import { linkOf } from '../../test/opt-in-link.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService({ SILENT_EXPUNGES_PER_DAY: '1' });
});
afterAll(() => service.stop());

const consentOf = async (caller: Caller, contactId: string) =>
  (await service.call(caller, 'GET', `/v1/contacts/${contactId}/consent`)).body;
const listed = async (caller: Caller, workflowId: string) =>
  (await service.call(caller, 'GET', `/v1/consent-requests?workflowId=${workflowId}`)).body.items as object[];

describe('why a contact is still here', () => {
  const over = async (tenant: TestTenant, count: number) => {
    const asks = await askMany(service, tenant, await manyContacts(service, tenant, count), {
      workflowId: randomUUID(),
    });
    await passTime(
      service,
      asks.map(({ contactId }) => contactId),
      30 * DAY_SECONDS + 60,
    );
    return asks;
  };

  test('When its time is over and as many as may be are removed today, then that is said, in the list too', async () => {
    const tenant = await aTenant(service);
    const asks = await over(tenant, 2);
    const { workflowId } = asks[0]!;
    for (const one of await listed(tenant.admin, workflowId)) expect(one).toMatchObject({ keptBy: null, daysLeft: 0 });
    for (const ask of asks) await service.deliver(ExpungeContact, theEndOf(ask));
    const words = 'asked, 0 days left, not removed: daily cap';
    expect(await listed(tenant.admin, workflowId)).toMatchObject([{ keptBy: 'daily-cap', daysLeft: 0, words }]);
  });

  test('When nobody asks for its removal although its time is over, then it is found among the others', async () => {
    const tenant = await aTenant(service);
    const asks = await over(tenant, 3);
    const { workflowId } = asks[0]!;
    const ids = async () =>
      ((await listed(tenant.admin, `${workflowId}&overdue=true`)) as { contactId: string }[]).map(
        (one) => one.contactId,
      );
    expect(await ids()).toEqual([]);
    await passTime(
      service,
      asks.map(({ contactId }) => contactId),
      DAY_SECONDS,
    );
    await tenant.setKillSwitch(true);
    await service.deliver(ExpungeContact, theEndOf(asks[0]!));
    const reminder = anAsk({ ...asks[1]!, emailId: randomUUID(), template: 'opt-in-reminder' });
    await service.deliver(RequestOptIn, reminder);
    expect(await ids()).toEqual([asks[2]!.contactId]);
  });

  /** As if its removal had been put off that long ago for the last time. */
  const putOff = (contactIds: string[], daysAgo: number) =>
    service.db.query(
      `UPDATE expunge_decline SET last_at = now() - $2 * interval '1 day' WHERE contact_id = ANY($1::uuid[])`,
      [contactIds, daysAgo],
    );

  test('When a removal was put off and nobody has asked again, then it is found after two days', async () => {
    const tenant = await aTenant(service);
    const asks = await over(tenant, 3);
    const contactIds = asks.map(({ contactId }) => contactId);
    const [switched, held] = asks;
    const overdue = async (caller: Caller): Promise<string[]> => {
      const found = (await listed(caller, `${switched!.workflowId}&overdue=true`)) as { contactId: string }[];
      return found.map(({ contactId }) => contactId);
    };
    await passTime(service, contactIds, 2 * DAY_SECONDS);
    await aHold(service, tenant, held!.contactId);
    await tenant.setKillSwitch(true);
    await service.deliver(
      ExpungeContact,
      asks.map((ask) => theEndOf(ask)),
    );
    await putOff(contactIds, 1);
    // A client's admin is told of no hold, and has nothing to look after either.
    for (const caller of [tenant.admin, tenant.recruiter]) expect(await overdue(caller)).toEqual([]);
    await putOff([switched!.contactId], 3);
    expect(await overdue(tenant.admin)).toEqual([switched!.contactId]);
    expect(await consentOf(tenant.recruiter, switched!.contactId)).toMatchObject({
      keptBy: 'kill-switch',
      overdue: true,
    });
  });

  test('When there is no word of a reminder for a month, then it hides nobody any more', async () => {
    const tenant = await aTenant(service);
    const [ask] = await over(tenant, 1);
    const { contactId } = ask!;
    await passTime(service, contactId, 2 * DAY_SECONDS);
    await service.deliver(RequestOptIn, anAsk({ ...ask!, emailId: randomUUID(), template: 'opt-in-reminder' }));
    await passTime(service, contactId, 29 * DAY_SECONDS);
    expect(await consentOf(tenant.recruiter, contactId)).toMatchObject({ overdue: false });
    await passTime(service, contactId, DAY_SECONDS);
    expect(await consentOf(tenant.recruiter, contactId)).toMatchObject({ overdue: true });
  });

  test('When the kill switch was in the way, then that is said; a hold only to those who may know', async () => {
    const tenant = await aTenant(service);
    const [ask, held] = await over(tenant, 2);
    await tenant.setKillSwitch(true);
    await service.deliver(ExpungeContact, theEndOf(ask!));
    expect(await consentOf(tenant.recruiter, ask!.contactId)).toMatchObject({ keptBy: 'kill-switch' });
    await aHold(service, tenant, held!.contactId);
    await service.deliver(ExpungeContact, theEndOf(held!));
    const seen = (await listed(tenant.admin, ask!.workflowId)) as { contactId: string; keptBy: string }[];
    expect(seen.find(({ contactId }) => contactId === held!.contactId)).toMatchObject({ state: 'asked', keptBy: null });
    expect(await consentOf(tenant.recruiter, held!.contactId)).toMatchObject({ state: 'on-hold', keptBy: null });
  });

  test('When the client’s expunge is off, then nobody is removed, whatever the mail has promised', async () => {
    const tenant = await aTenant(service);
    const ask = await anAsked(service, tenant);
    await tenant.setPolicy('off');
    const words = 'asked, not removed: policy off';
    const expected = { state: 'asked', daysLeft: null, endsAt: null, keptBy: 'policy-off', words };
    expect(await consentOf(tenant.recruiter, ask.contactId)).toMatchObject(expected);
    const later = await anAsked(service, tenant);
    await tenant.setPolicy('permanent');
    expect(await consentOf(tenant.recruiter, ask.contactId)).toMatchObject({ daysLeft: 30, keptBy: null });
    const promisedNothing = { state: 'asked', daysLeft: null, keptBy: null, words: 'asked' };
    expect(await consentOf(tenant.recruiter, later.contactId)).toMatchObject(promisedNothing);
  });

  test('When consent is withdrawn, then the contact has declined, and nobody removes it', async () => {
    const tenant = await aTenant(service);
    const ask = await anAsked(service, tenant);
    const link = await linkOf(service, ask);
    await answerForm(service, link, 'opt-in');
    await answerForm(service, link, 'decline');
    const consent = await consentOf(tenant.recruiter, ask.contactId);
    expect(consent).toMatchObject({ state: 'declined', words: 'declined', endsAt: null });
    const what = (consent.timeline as { what: string }[]).map((event) => event.what);
    expect(what).toEqual(['asked', 'accepted', 'opted-in', 'declined']);
  });
});

test('When contacts are counted by the database, then each counts where it stands by the rule', async () => {
  const tenant = await aTenant(service);
  const { tenantId } = tenant;
  const workflows = [randomUUID(), randomUUID()];
  const ids = await manyContacts(service, tenant, 400);
  const asks = ids.flatMap((contactId) =>
    workflows.flatMap((workflowId) => {
      const enrolmentId = randomUUID();
      return [1, 2].map(() => anAsk({ tenantId, contactId, workflowId, enrolmentId }));
    }),
  );
  await service.deliver(RequestOptIn, asks);
  const often = fc.boolean();
  const rarely = fc.constantFrom(false, false, false, true);
  const [askFates, contactFates] = [
    fc.record({
      there: often,
      accepted: often,
      soft: often,
      hard: rarely,
      rejected: rarely,
      complained: rarely,
      moved: rarely,
      stopped: rarely,
    }),
    fc.record({
      consent: fc.constantFrom('none', 'none', 'opted-in', 'declined'),
      held: rarely,
      stopped: rarely,
      disabled: rarely,
    }),
  ].map((fates, n) => fc.sample<object>(fates, { seed: 7, numRuns: n === 0 ? asks.length : ids.length }));
  await service.db.query(
    `WITH fate AS (SELECT * FROM jsonb_to_recordset($1) AS f (id uuid, there boolean, accepted boolean, soft boolean,
       hard boolean, rejected boolean, complained boolean, moved boolean, stopped boolean)),
     changed AS (UPDATE opt_in_ask SET accepted_at = CASE WHEN accepted THEN now() END,
       bounce_kind = CASE WHEN hard THEN 'hard' WHEN soft THEN 'soft' END, rejected_at = CASE WHEN rejected THEN now() END,
       complained_at = CASE WHEN complained THEN now() END, address_changed_at = CASE WHEN moved THEN now() END,
       stopped_at = CASE WHEN stopped THEN now() END FROM fate WHERE email_id = id AND there)
     DELETE FROM opt_in_ask USING fate WHERE email_id = id AND NOT there`,
    [JSON.stringify(askFates!.map((fate, n) => ({ ...fate, id: asks[n]!.emailId })))],
  );
  await service.db.query(
    `WITH fate AS (SELECT * FROM jsonb_to_recordset($1) AS f (id uuid, consent text, held boolean, stopped boolean, disabled boolean)),
     held AS (INSERT INTO hold (id, tenant_id, contact_id, case_reference, reason, placed_by, placed_at)
       SELECT gen_random_uuid(), $2, id, 'x', 'litigation', 'x', now() FROM fate WHERE held)
     UPDATE contact SET consent = fate.consent, asking_stopped_at = CASE WHEN stopped THEN now() END,
       state = CASE WHEN disabled THEN 'disabled' ELSE state END, disabled_at = CASE WHEN disabled THEN now() END
     FROM fate WHERE contact.id = fate.id`,
    [JSON.stringify(contactFates!.map((fate, n) => ({ ...fate, id: ids[n]! }))), tenantId],
  );
  for (const workflowId of [undefined, ...workflows]) {
    for (const showHolds of [true, false]) {
      const look = { tenantId, contactIds: ids, workflowId, showHolds };
      const { counts, standings } = await inTenant(service.appDb, tenantId, async (tx) => ({
        counts: await countStandings(tx, look),
        standings: await standingsOf(tx, look),
      }));
      const byState = Map.groupBy(standings, ({ state }) => state);
      expect(new Map(counts.map(({ state, contacts }) => [state, contacts]))).toEqual(
        new Map([...byState].map(([state, all]) => [state, all.length])),
      );
      expect(byState.size).toBe(showHolds ? 7 : 6);
    }
  }
});
