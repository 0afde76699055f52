import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  AskAgain,
  ContactAdded,
  ContactDeclined,
  ContactDisabled,
  ContactOptedIn,
  EmailAccepted,
  EmailBounced,
  EmailRejected,
  EraseContactData,
  ExpungeDeclined,
  OptInNotSent,
  StopEnrolments,
} from '#contracts';
import { aContactAdded, anEraseCommand, many } from '../../../../test/support/make.js';
import { rowsRead } from '../../../../test/support/rows-read.js';
import { countStatements } from '../../../../test/support/statements.js';
import {
  type Active,
  DAY,
  SHORT_STEPS,
  startWorkflowService,
  STEPS,
  type WorkflowTestService,
} from '../../test/workflow-test-service.js';
import type { Enrolments } from './count-enrolments.js';

const NONE = { waiting: 0, declined: 0, optedIn: 0, undeliverable: 0, stopped: 0, expunging: 0, ended: 0 };

let service: WorkflowTestService;

beforeAll(async () => {
  service = await startWorkflowService();
});
afterAll(() => service.stop());

test('When nobody answers, then the contact is asked, reminded, and its removal asked for until it is decided', async () => {
  const active = await service.anActive(STEPS);
  const ids = await service.anEnrolled(active);
  const { contactId } = ids;
  await service.fire();
  const [asked] = await service.said(contactId);
  expect(asked).toMatchObject({
    type: 'RequestOptIn',
    data: {
      ...ids,
      workflowId: active.workflowId,
      template: 'opt-in',
      graceSeconds: 30 * DAY,
      linkValidSeconds: 37 * DAY,
    },
  });
  expect(await service.enrolment(contactId)).toMatchObject({ state: 'waiting', asked: true, due_in: null });

  const at = new Date(Date.now() - 60_000).toISOString();
  const emailId = String(asked!.data.emailId);
  await service.deliver(EmailAccepted, { ...ids, emailId, purpose: 'opt-in', at });
  expect(await service.enrolment(contactId)).toMatchObject({ state: 'waiting', asked: false });
  expect((await service.enrolment(contactId))!.due_in! - (21 * DAY - 60)).toBeLessThan(30);

  await service.pass(contactId);
  await service.fire();
  const reminder = (await service.said(contactId))[1]!;
  expect(reminder).toMatchObject({ data: { template: 'opt-in-reminder', graceSeconds: 9 * DAY } });
  const reminded = { ...ids, emailId: String(reminder.data.emailId), purpose: 'opt-in-reminder' as const };
  await service.deliver(EmailAccepted, { ...reminded, at: new Date().toISOString() });

  await service.pass(contactId);
  await service.fire();
  const enrolment = (await service.enrolment(contactId))!;
  expect(enrolment).toMatchObject({ state: 'expunging', asked: true, due_in: null });
  expect((await service.said(contactId))[2]).toMatchObject({
    type: 'ExpungeContact',
    data: { ...ids, enrolmentId: enrolment.id, emailId, graceSeconds: 30 * DAY },
  });

  await service.deliver(ExpungeDeclined, { ...ids, enrolmentId: enrolment.id, reason: 'held', at });
  expect(await service.enrolment(contactId)).toMatchObject({ state: 'waiting', asked: false, due_in: 3_600 });
});

describe('When a workflow has 21,000 enrolments', () => {
  /** In the order of their ids every 6,000th is undeliverable, and every 1,000th had a late timer. */
  const ENROL = `
    WITH person AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 21000) AS n),
      known AS (INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM person)
    INSERT INTO enrolment (id, tenant_id, contact_id, workflow_id, version, state, late_timers)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, id, $2, 1, CASE WHEN n % 6000 = 0 THEN 'undeliverable' ELSE 'waiting' END,
      (n % 1000 = 0)::int FROM person`;
  let active: Active;

  beforeAll(async () => {
    active = await service.anActive(SHORT_STEPS);
    await service.db.query(ENROL, [active.tenantId, active.workflowId]);
  });

  const page = async (query = '') => {
    const path = `/v1/workflows/${active.workflowId}/enrolments${query}`;
    const before = await rowsRead(service, 'enrolment');
    const { body } = await service.call<Enrolments>(active, 'GET', path);
    return { body, read: (await rowsRead(service, 'enrolment')) - before };
  };

  test('then 20,000 are counted, and it is said that there are more', async () => {
    const { body, read } = await page();
    const counts = { ...NONE, waiting: 19_997, undeliverable: 3 };
    expect(body).toMatchObject({ counts, countedAll: false, lateTimers: 20 });
    expect(read).toBeLessThan(25_100);
  });

  test('then each page looks at 5,000 for those that are undeliverable, and all of them are found', async () => {
    const found: number[] = [];
    let next: string | undefined;
    do {
      const { body, read } = await page(next === undefined ? '' : `?after=${next}`);
      found.push(body.undeliverable.length);
      if (next !== undefined) expect(read).toBeLessThan(5_100);
      next = body.next;
    } while (next !== undefined);
    expect(found).toEqual([0, 1, 1, 1, 0]);
  });
});

describe('What the messages do', () => {
  const at = new Date().toISOString();
  let active: Active;

  beforeAll(async () => {
    active = await service.anActive(SHORT_STEPS);
  });

  /** A contact whose mail was asked for; its ids as a mail's outcome has them. */
  async function anAsked() {
    const ids = await service.anEnrolled(active);
    await service.fire();
    const [asked] = await service.said(ids.contactId);
    return { ids, mail: { ...ids, emailId: String(asked!.data.emailId), purpose: 'opt-in' as const, at } };
  }
  const stateOf = async (contactId: string): Promise<(string | null | undefined)[]> => {
    const row = await service.enrolment(contactId);
    return [row?.state, row?.reason];
  };

  test('When the contact opts in, then it is over, and a later activation does not enrol it', async () => {
    const { ids, mail } = await anAsked();
    await service.deliver(EmailAccepted, mail);
    await service.deliver(ContactOptedIn, { ...ids, at });
    expect(await service.enrolment(ids.contactId)).toMatchObject({ state: 'opted-in', due_in: null });
  });

  test('When the contact declines before the late acceptance, then its time runs from there to the removal', async () => {
    const { ids, mail } = await anAsked();
    await service.deliver(ContactDeclined, { ...ids, at });
    await service.deliver(EmailAccepted, mail);
    expect(await service.enrolment(ids.contactId)).toMatchObject({ state: 'declined', asked: false });
    await service.pass(ids.contactId);
    await service.fire();
    expect((await service.said(ids.contactId)).map(({ type }) => type)).toEqual(['RequestOptIn', 'ExpungeContact']);
  });

  test('When the contact is disabled or its enrolment is stopped, then no timer is left', async () => {
    const { ids, mail } = await anAsked();
    await service.deliver(EmailAccepted, mail);
    await service.deliver(ContactDisabled, { ...ids, at });
    expect(await service.enrolment(ids.contactId)).toMatchObject({ state: 'ended', reason: 'disabled', due_in: null });
    const other = await anAsked();
    await service.deliver(StopEnrolments, { ...other.ids, contactId: randomUUID(), at });
    expect(await stateOf(other.ids.contactId)).toEqual(['waiting', null]);
    await service.deliver(StopEnrolments, { ...other.ids, at });
    await service.deliver(EmailAccepted, other.mail);
    expect(await service.enrolment(other.ids.contactId)).toMatchObject({ state: 'stopped', due_in: null });
  });

  test('When the mail comes back, is refused, or is not sent, then a person sees whom to decide about, by ids', async () => {
    const mine = await service.anActive(SHORT_STEPS);
    const path = `/v1/workflows/${mine.workflowId}/enrolments`;
    const asked = await Promise.all(many(4, () => service.anEnrolled(mine)));
    await service.fire();
    const [hard, refused, unsent, fine] = await Promise.all(
      asked.map(async (ids) => {
        const [{ data }] = (await service.said(ids.contactId)) as unknown as [{ data: Record<string, string> }];
        return { ...ids, emailId: data.emailId!, enrolmentId: data.enrolmentId!, at };
      }),
    );
    const purpose = 'opt-in' as const;
    const { enrolmentId: _, ...hardMail } = hard!;
    const { enrolmentId: __, ...refusedMail } = refused!;
    await service.deliver(EmailAccepted, { ...hardMail, purpose });
    await service.deliver(EmailBounced, { ...hardMail, purpose, kind: 'hard', code: 'dsn-5-1-1' });
    await service.deliver(EmailRejected, { ...refusedMail, purpose, permanent: true, code: 'smtp-550' });
    await service.deliver(OptInNotSent, { ...unsent!, reason: 'no-address' });
    const seen = await service.call<Enrolments>(mine, 'GET', path);
    expect(seen.body).toMatchObject({
      counts: { ...NONE, waiting: 1, undeliverable: 3 },
      countedAll: true,
      lateTimers: 0,
    });
    const reasons = seen.body.undeliverable.map(({ contactId, reason }) => [contactId, reason]);
    expect(new Map(reasons as [string, string][])).toEqual(
      new Map([
        [hard!.contactId, 'bounced'],
        [refused!.contactId, 'rejected'],
        [unsent!.contactId, 'no-address'],
      ]),
    );
    const first = await service.call<Enrolments>(mine, 'GET', `${path}?limit=2`);
    const rest = await service.call<Enrolments>(mine, 'GET', `${path}?limit=2&after=${first.body.next}`);
    expect([...first.body.undeliverable, ...rest.body.undeliverable]).toEqual(seen.body.undeliverable);
    expect(rest.body).not.toHaveProperty('next');
    // Only the first page counts.
    expect(Object.keys(rest.body)).toEqual(['undeliverable']);
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'after=x', 'state=waiting']) {
      expect((await service.call(mine, 'GET', `${path}?${query}`)).status).toBe(400);
    }
    expect(await service.enrolment(fine!.contactId)).toMatchObject({ state: 'waiting' });
  });

  test('When a mail comes back softly, then after a day another one is asked for', async () => {
    const { ids, mail } = await anAsked();
    await service.deliver(EmailAccepted, mail);
    await service.deliver(EmailBounced, { ...mail, kind: 'soft', code: 'dsn-4-2-2' });
    expect(await service.enrolment(ids.contactId)).toMatchObject({ attempt: 2, due_in: DAY, asked: false });
    await service.pass(ids.contactId);
    await service.fire();
    const [first, second] = await service.said(ids.contactId);
    expect(second).toMatchObject({ type: 'RequestOptIn', data: { template: 'opt-in', graceSeconds: 30 * DAY } });
    expect(second!.data.emailId).not.toBe(first!.data.emailId);
  });

  test('When a reminder comes back softly each time, then the removal is asked for after the time it named, not before', async () => {
    const reminding = await service.anActive(STEPS);
    const ids = await service.anEnrolled(reminding);
    /** What is due fires, and the mail that follows is accepted. */
    const next = async () => {
      await service.pass(ids.contactId);
      await service.fire();
      const { data } = (await service.said(ids.contactId)).at(-1)!;
      const purpose = data.template as 'opt-in' | 'opt-in-reminder';
      const mail = { ...ids, emailId: String(data.emailId), purpose, at: new Date().toISOString() };
      await service.deliver(EmailAccepted, mail);
      return mail;
    };
    const comesBack = async (mail: Awaited<ReturnType<typeof next>>) =>
      service.deliver(EmailBounced, { ...mail, kind: 'soft', code: 'dsn-4-2-2' });
    for (const _ of ['first', 'second']) await comesBack(await next());
    const third = await next();
    for (const _ of ['first', 'second', 'third']) await comesBack(await next());
    const { state, due_in: dueInSeconds } = (await service.enrolment(ids.contactId))!;
    expect(state).toBe('waiting');
    expect(Math.abs(dueInSeconds! - 9 * DAY)).toBeLessThan(60);
    await service.pass(ids.contactId, -60);
    await service.fire();
    expect((await service.said(ids.contactId)).map(({ type }) => type)).not.toContain('ExpungeContact');
    await service.pass(ids.contactId);
    await service.fire();
    expect((await service.said(ids.contactId)).at(-1)).toMatchObject({
      type: 'ExpungeContact',
      data: { emailId: third.emailId, graceSeconds: 30 * DAY },
    });
  });

  test('When its address was corrected after its mail came back, then it is asked anew, by another mail', async () => {
    const { ids, mail } = await anAsked();
    await service.deliver(EmailAccepted, mail);
    await service.deliver(EmailBounced, { ...mail, kind: 'hard', code: 'dsn-5-1-1' });
    expect(await stateOf(ids.contactId)).toEqual(['undeliverable', 'bounced']);
    await service.deliver(AskAgain, { ...ids, at });
    await service.fire();
    const [first, second] = (await service.said(ids.contactId)).map(({ data }) => data.emailId);
    expect(second).not.toBe(first);
    await service.deliver(EmailBounced, { ...mail, kind: 'soft', code: 'dsn-4-2-2' });
    expect(await service.enrolment(ids.contactId)).toMatchObject({
      state: 'waiting',
      reason: null,
      asked: true,
      attempt: 2,
    });
    await service.deliver(EmailAccepted, { ...mail, emailId: String(second), at: new Date().toISOString() });
    expect(await service.enrolment(ids.contactId)).toMatchObject({ state: 'waiting', asked: false });
  });

  describe('A workflow that only asks', () => {
    /** A contact whose mail was accepted, which is all there was to do. */
    async function aCompleted() {
      const asking = await service.anActive([{ action: 'send-opt-in' }]);
      const ids = await service.anEnrolled(asking);
      await service.fire();
      const [asked] = await service.said(ids.contactId);
      const mail = { ...ids, emailId: String(asked!.data.emailId), purpose: 'opt-in' as const, at };
      await service.deliver(EmailAccepted, mail);
      expect(await stateOf(ids.contactId)).toEqual(['ended', 'completed']);
      const path = `/v1/workflows/${asking.workflowId}`;
      const seen = async () => (await service.call<Enrolments>(asking, 'GET', `${path}/enrolments`)).body;
      return { asking, ids, mail, path, seen };
    }

    test('When its mail comes back for good afterwards, then a person sees that; when it is told again, nothing changes', async () => {
      const { ids, mail, seen } = await aCompleted();
      expect(await seen()).toMatchObject({ counts: { ...NONE, ended: 1 }, undeliverable: [] });
      const bounce = { ...mail, kind: 'hard' as const, code: 'dsn-5-1-1' };
      await service.deliver(EmailBounced, bounce);
      const shown = await seen();
      expect(shown).toMatchObject({
        counts: { ...NONE, undeliverable: 1 },
        undeliverable: [{ contactId: ids.contactId, reason: 'bounced' }],
      });
      await service.deliver(EmailBounced, bounce);
      expect(await seen()).toEqual(shown);
    });

    test('When its mail comes back softly afterwards, then another one is asked for, and it is completed again', async () => {
      const { ids, mail, seen } = await aCompleted();
      await service.deliver(EmailBounced, { ...mail, kind: 'soft', code: 'dsn-4-2-2' });
      expect(await service.enrolment(ids.contactId)).toMatchObject({ state: 'waiting', reason: null, due_in: DAY });
      expect((await seen()).counts).toEqual({ ...NONE, waiting: 1 });
      await service.pass(ids.contactId);
      await service.fire();
      const [first, second] = (await service.said(ids.contactId)).map(({ data }) => String(data.emailId));
      expect(second).not.toBe(first);
      await service.deliver(EmailAccepted, { ...mail, emailId: second! });
      expect(await seen()).toMatchObject({ counts: { ...NONE, ended: 1 } });
      expect(await service.enrolment(ids.contactId)).toMatchObject({ asked: false, due_in: null });
    });

    test('When its address is corrected, then it is asked anew, once however often that is told', async () => {
      const { ids, seen } = await aCompleted();
      await service.deliver(AskAgain, [
        { ...ids, at },
        { ...ids, at },
      ]);
      expect((await seen()).counts).toEqual({ ...NONE, waiting: 1 });
      await service.fire();
      const mails = (await service.said(ids.contactId)).map(({ type, data }) => [type, data.emailId]);
      expect(mails).toEqual([
        ['RequestOptIn', expect.any(String)],
        ['RequestOptIn', expect.not.stringContaining(String(mails[0]![1]))],
      ]);
    });

    test('When the workflow is archived or its end date is over, then a corrected address begins nothing', async () => {
      const [archived, ended] = [await aCompleted(), await aCompleted()];
      const { revision } = archived.asking;
      expect((await service.call(archived.asking, 'POST', `${archived.path}/archive`, { revision })).status).toBe(200);
      await service.db.query('UPDATE workflow_version SET ends_at = now() WHERE workflow_id = $1', [
        ended.asking.workflowId,
      ]);
      for (const { ids } of [archived, ended]) {
        await service.deliver(AskAgain, { ...ids, at });
        expect(await service.enrolment(ids.contactId)).toMatchObject({ state: 'ended', due_in: null });
      }
    });

    test('When the contact opted in since, then it counts as that, and a late bounce or another address changes nothing', async () => {
      const { ids, mail, seen } = await aCompleted();
      await service.deliver(ContactOptedIn, { ...ids, at });
      await service.deliver(EmailBounced, { ...mail, kind: 'hard', code: 'dsn-5-1-1' });
      await service.deliver(AskAgain, { ...ids, at });
      expect(await seen()).toMatchObject({ counts: { ...NONE, optedIn: 1 }, undeliverable: [] });
    });
  });

  test('When messages come twice, or in the wrong order, then the first to fit counts', async () => {
    const { ids, mail } = await anAsked();
    const { id: enrolmentId } = (await service.enrolment(ids.contactId))!;
    await service.deliver(ExpungeDeclined, { ...ids, enrolmentId, reason: 'held', at });
    await service.deliver(EmailAccepted, [mail, mail]);
    const before = await service.enrolment(ids.contactId);
    await service.deliver(EmailAccepted, { ...mail, at: new Date(Date.now() + DAY * 1_000).toISOString() });
    expect({ ...(await service.enrolment(ids.contactId)), due_in: 0 }).toEqual({ ...before, due_in: 0 });
    expect(Math.abs((await service.enrolment(ids.contactId))!.due_in! - 30 * DAY)).toBeLessThan(60);
  });

  test('When a message names another tenant than the contact has, then it is parked and changes nothing', async () => {
    const { ids, mail } = await anAsked();
    const foreign = { tenantId: randomUUID() };
    const before = await service.enrolment(ids.contactId);
    expect(await service.deliver(EmailAccepted, { ...mail, ...foreign })).toMatchObject({ parked: 1 });
    expect(await service.deliver(ContactOptedIn, { ...ids, ...foreign, at })).toMatchObject({ parked: 1 });
    const stop = { ...ids, ...foreign, at };
    expect(await service.deliver(StopEnrolments, stop)).toMatchObject({ parked: 1 });
    expect(await service.enrolment(ids.contactId)).toEqual(before);
  });

  test('When a message is about an erased contact, then nothing comes back', async () => {
    const { ids, mail } = await anAsked();
    await service.deliver(EraseContactData, anEraseCommand(ids));
    const late = [
      await service.deliver(EmailAccepted, mail),
      await service.deliver(EmailBounced, { ...mail, kind: 'soft', code: 'dsn-4-2-2' }),
      await service.deliver(ContactDeclined, { ...ids, at }),
    ];
    expect(late).toMatchObject(late.map(() => ({ handled: 1, parked: 0 })));
    expect(await service.db.query('SELECT FROM contact_fact WHERE contact_id = $1', [ids.contactId])).toEqual([]);
    expect(await service.enrolment(ids.contactId)).toBeUndefined();
  });

  test('When 300 mails are accepted in a batch, then it takes as many statements as for one', async () => {
    const contacts = many(301, () => aContactAdded({ tenantId: active.tenantId }));
    await service.deliver(ContactAdded, contacts);
    await service.fire();
    const said = new Map((await service.outbox()).map(({ key, data }) => [key, String(data.emailId)]));
    const mails = contacts.map(({ tenantId, contactId }) => {
      return { tenantId, contactId, emailId: said.get(contactId)!, purpose: 'opt-in' as const, at };
    });
    const one = await countStatements(service.appDb, () => service.deliver(EmailAccepted, mails.slice(0, 1)));
    const rest = await countStatements(service.appDb, () => service.deliver(EmailAccepted, mails.slice(1)));
    expect(rest).toBe(one);
    expect(await service.enrolment(contacts[300]!.contactId)).toMatchObject({ asked: false });
  });

  test('When the same contact is enrolled once more from a restored database, then its mail is the same mail', async () => {
    const { ids, mail } = await anAsked();
    for (const table of ['timer', 'enrolment', 'contact_fact']) {
      await service.db.query(`DELETE FROM ${table} WHERE contact_id = $1`, [ids.contactId]);
    }
    await service.deliver(ContactAdded, aContactAdded(ids));
    await service.fire();
    expect((await service.said(ids.contactId)).map(({ data }) => data.emailId)).toEqual([mail.emailId, mail.emailId]);
  });
});
