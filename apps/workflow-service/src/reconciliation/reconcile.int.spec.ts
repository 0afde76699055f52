import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactAdded, EmailAccepted, EmailBounced, EmailRejected, EraseContactData, OptInKnown } from '#contracts';
import type { Waiting } from '../../../../test/support/test-service.js';
import { aContactAdded, anEraseCommand, many } from '../../../../test/support/make.js';
import { SHORT_STEPS, startWorkflowService, type WorkflowTestService } from '../../test/workflow-test-service.js';
import { Reconcile } from './reconcile.js';
import type { Reconciliation } from './show-reconciliation.js';

let service: WorkflowTestService;

beforeAll(async () => {
  service = await startWorkflowService();
});
afterAll(() => service.stop());

async function reconcile(): Promise<void> {
  const reconciler = service.app.get(Reconcile);
  while ((await reconciler.execute()) === 'more');
}
const shown = async (tenantId: string, role = 'privacy-officer') =>
  (await service.call<Reconciliation>({ tenantId, role }, 'GET', '/v1/reconciliation')).body;

const mailOf = ({ data }: Waiting) => {
  const { tenantId, contactId, emailId } = data as Record<string, string>;
  return { tenantId: tenantId!, contactId: contactId!, emailId: emailId!, purpose: 'opt-in' as const };
};

const CLEAN = {
  timersRestored: 0,
  timersRemoved: 0,
  askedAgain: 0,
  outcomesRestored: 0,
  unknownMails: 0,
  findings: [],
};

describe('The reconciler', () => {
  test('When all is as it should be, then it finds nothing and says when it looked', async () => {
    const active = await service.anActive(SHORT_STEPS);
    expect(await shown(active.tenantId)).toEqual({ ...CLEAN, lastRunAt: null });
    await service.anEnrolled(active);
    const asked = await service.anEnrolled(active);
    await service.fire();
    await service.anEnrolled(active);
    await reconcile();
    expect(await shown(active.tenantId)).toEqual({ ...CLEAN, lastRunAt: expect.any(String) });
    expect(await service.said(asked.contactId)).toHaveLength(1);
  });

  test('When enrolments have lost their timers, then each gets one that is due now, however many they are', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const contacts = many(4_200, () => aContactAdded({ tenantId: active.tenantId }));
    await service.deliver(ContactAdded, contacts);
    await service.db.query('DELETE FROM timer WHERE tenant_id = $1', [active.tenantId]);
    await reconcile();
    expect(await shown(active.tenantId)).toMatchObject({ timersRestored: 4_200 });
    await service.fire();
    expect(await service.said(contacts[4_199]!.contactId)).toMatchObject([{ type: 'RequestOptIn' }]);
  });

  test('When all was looked at less than the interval ago, then nothing is looked at until it is over', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const { contactId, tenantId } = await service.anEnrolled(active);
    const reconciler = service.app.get(Reconcile);
    await reconcile();
    await service.db.query('DELETE FROM timer WHERE contact_id = $1', [contactId]);
    expect(await reconciler.executeWhenDue()).toBe('idle');
    expect(await shown(tenantId)).toMatchObject({ timersRestored: 0 });
    await service.db.query(`UPDATE reconciliation SET last_run_at = now() - interval '1 hour'`);
    while ((await reconciler.executeWhenDue()) === 'more');
    expect(await shown(tenantId)).toMatchObject({ timersRestored: 1 });
  });

  test('When timers are there that nobody waits for, then they go and nothing is sent', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const { contactId, tenantId } = await service.anEnrolled(active);
    await service.fire();
    const { id } = (await service.enrolment(contactId))!;
    await service.db.query(
      `INSERT INTO timer SELECT $1::uuid, e, $3::uuid, now() + interval '1 day' FROM unnest($2::uuid[]) AS e`,
      [contactId, [id, randomUUID()], tenantId],
    );
    await reconcile();
    expect(await service.db.query('SELECT FROM timer WHERE contact_id = $1', [contactId])).toEqual([]);
    expect(await shown(tenantId)).toMatchObject({ timersRemoved: 2 });
    expect(await service.said(contactId)).toHaveLength(1);
  });

  test('When a mail or a removal has no outcome after a day, then the same is asked again and shown', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const { contactId, tenantId } = await service.anEnrolled(active);
    const daysPass = () =>
      service.db.query(`UPDATE enrolment SET asked_at = asked_at - interval '25 hours' WHERE contact_id = $1`, [
        contactId,
      ]);
    await service.fire();
    await reconcile();
    expect(await service.said(contactId)).toHaveLength(1);
    await daysPass();
    await reconcile();
    const [first, again] = await service.said(contactId);
    expect(again?.data).toEqual(first?.data);
    expect(await shown(tenantId, 'client-admin')).toMatchObject({ askedAgain: 0, findings: [] });

    // It waits, says notification-service; and a day later says nothing.
    const waits = { ...mailOf(first!), permanent: false, code: 'over-budget', at: new Date().toISOString() };
    await service.deliver(EmailRejected, waits);
    await daysPass();
    await reconcile();
    expect(await shown(tenantId)).toMatchObject({ askedAgain: 0 });
    await daysPass();
    await reconcile();
    const { id: enrolmentId } = (await service.enrolment(contactId))!;
    expect(await shown(tenantId)).toMatchObject({
      askedAgain: 1,
      findings: [{ kind: 'asked_again', contactId, enrolmentId, times: 1 }],
    });

    await service.deliver(EmailAccepted, { ...mailOf(first!), at: new Date().toISOString() });
    await service.pass(contactId);
    await service.fire();
    await daysPass();
    await reconcile();
    const removals = (await service.said(contactId)).slice(4);
    expect(removals.map(({ type }) => type)).toEqual(['ExpungeContact', 'ExpungeContact']);
    expect(removals[1]?.data).toEqual(removals[0]?.data);
  });

  test('When contact-service knows what was not heard here, then it is made up for, and shown until the contact is erased', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const { contactId, tenantId } = await service.anEnrolled(active);
    await service.fire();
    const [asked] = await service.said(contactId);
    const { emailId, enrolmentId } = asked!.data as Record<string, string>;
    const known = { tenantId, contactId, emailId: emailId!, enrolmentId: enrolmentId! };
    await service.deliver(OptInKnown, { ...known, acceptedAt: new Date().toISOString() });
    expect(await service.enrolment(contactId)).toMatchObject({ state: 'waiting', asked: false, step: 2 });
    await service.deliver(OptInKnown, { ...known, acceptedAt: new Date().toISOString(), cameBack: 'hard' });
    expect(await service.enrolment(contactId)).toMatchObject({ state: 'undeliverable', reason: 'bounced' });
    const found = { kind: 'outcomes_restored', contactId, enrolmentId, times: 2 };
    expect(await shown(tenantId)).toMatchObject({ outcomesRestored: 2, findings: [found] });
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId }));
    expect(await shown(tenantId)).toMatchObject({ outcomesRestored: 2, findings: [] });
  });

  test('When much was found, then it is shown page by page, newest first', async () => {
    const { tenantId } = await service.anActive(SHORT_STEPS);
    const at = new Date().toISOString();
    const mails = many(3, () => ({
      tenantId,
      contactId: randomUUID(),
      emailId: randomUUID(),
      purpose: 'opt-in' as const,
      at,
    }));
    for (const mail of mails) await service.deliver(EmailAccepted, mail);
    const page = async (query: string) => {
      const asks = { tenantId, role: 'privacy-officer' };
      const { body } = await service.call<Reconciliation>(asks, 'GET', `/v1/reconciliation?limit=2${query}`);
      return { ids: body.findings.map(({ contactId }) => contactId), next: body.next };
    };
    const [first, second] = [await page(''), await page(`&before=${(await page('')).next}`)];
    expect([...first.ids, ...second.ids]).toEqual(mails.map(({ contactId }) => contactId).toReversed());
    expect(second.next).toBeUndefined();
  });

  test('When mails are reported that nobody here has asked for, then they are counted; other mails are not ours', async () => {
    const { tenantId } = await service.anActive(SHORT_STEPS);
    const at = new Date().toISOString();
    const ids = () => ({ tenantId, contactId: randomUUID(), emailId: randomUUID(), at });
    await service.deliver(EmailAccepted, [
      { ...ids(), purpose: 'opt-in' },
      { ...ids(), purpose: 'opt-in-reminder' },
      { ...ids(), purpose: 'removal-link' },
    ]);
    await service.deliver(EmailBounced, { ...ids(), purpose: 'opt-in', kind: 'hard', code: 'dsn-5-1-1' });
    expect(await shown(tenantId)).toMatchObject({ unknownMails: 3 });
  });

  test('When another client looks, then it sees its own, and recruiters see nothing', async () => {
    expect(await shown(randomUUID())).toEqual({ ...CLEAN, lastRunAt: null });
    const asks = { tenantId: randomUUID(), role: 'recruiter' };
    expect((await service.call(asks, 'GET', '/v1/reconciliation')).status).toBe(403);
  });
});
