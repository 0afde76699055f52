import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactAdded, ContactOptedIn, EmailAccepted, EraseContactData } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import {
  type Active,
  anUnfireable,
  DAY,
  SHORT_STEPS,
  startWorkflowService,
  type WorkflowTestService,
} from '../../test/workflow-test-service.js';
import { EveryTimerFailed, FireTimers } from './fire-timers.js';

let service: WorkflowTestService;
let active: Active;

beforeAll(async () => {
  service = await startWorkflowService();
  active = await service.anActive(SHORT_STEPS);
});
afterAll(() => service.stop());

const timers = () => service.app.get(FireTimers);

async function enrolled(count: number): Promise<string[]> {
  const contacts = many(count, () => aContactAdded({ tenantId: active.tenantId }));
  await service.deliver(ContactAdded, contacts);
  return contacts.map(({ contactId }) => contactId);
}
const saidOf = async (ids: readonly string[]) => {
  const wanted = new Set(ids);
  return (await service.outbox()).filter(({ key }) => wanted.has(key));
};
const empty = () => service.db.query('DELETE FROM outbox');

/** Waits for its removal; the timer is due now. */
async function atTheEnd(): Promise<string> {
  const { contactId, tenantId } = await service.anEnrolled(active);
  await service.fire();
  const emailId = String((await service.said(contactId))[0]!.data.emailId);
  await service.deliver(EmailAccepted, {
    tenantId,
    contactId,
    emailId,
    purpose: 'opt-in',
    at: new Date().toISOString(),
  });
  await service.pass(contactId);
  return contactId;
}

describe('Timers', () => {
  test('When thousands are due, then several processes fire each exactly once', async () => {
    const ids = await enrolled(5_000);
    const runs = await Promise.all([service.fire(), service.fire(), service.fire()]);
    expect(runs).toHaveLength(3);
    await service.fire();
    const said = await saidOf(ids);
    expect(said).toHaveLength(5_000);
    expect(new Set(said.map(({ key }) => key)).size).toBe(5_000);
    expect(await service.db.query('SELECT FROM timer WHERE contact_id = ANY($1)', [ids])).toEqual([]);
    await empty();
  });

  test('When a backlog is long, then what falls due meanwhile does not wait for its end', async () => {
    const backlog = await enrolled(5_000);
    await service.db.query(`UPDATE timer SET due_at = now() - interval '10 seconds' WHERE contact_id = ANY($1)`, [
      backlog,
    ]);
    const [fresh] = await enrolled(1);
    await timers().execute();
    expect(await service.enrolment(fresh!)).toMatchObject({ asked: true });
    await service.fire();
    expect(await saidOf(backlog)).toHaveLength(5_000);
    await empty();
  });

  test('When one is not due yet, then it does not fire', async () => {
    const [id] = await enrolled(1);
    await service.pass(id!, -5);
    await service.fire();
    expect(await saidOf([id!])).toEqual([]);
  });

  test('When 1,000 fire, then it takes no more statements than two transactions need', async () => {
    await enrolled(1);
    await service.fire();
    for (const count of [1, 1_000]) {
      await enrolled(count);
      expect(await countStatements(service.appDb, () => timers().execute())).toBeLessThanOrEqual(14);
    }
    await empty();
  });

  test('When one fires late, then it fires all the same and is counted', async () => {
    const [late, punctual] = await enrolled(2);
    await service.pass(late!, 3 * DAY);
    await service.fire();
    expect(await saidOf([late!, punctual!])).toHaveLength(2);
    expect(await service.enrolment(late!)).toMatchObject({ late_timers: 1 });
    expect(await service.enrolment(punctual!)).toMatchObject({ late_timers: 0 });
    const { body } = await service.call<{ lateTimers: number }>(
      active,
      'GET',
      `/v1/workflows/${active.workflowId}/enrolments`,
    );
    expect(body.lateTimers).toBe(1);
  });

  test('When the process dies between claim and commit, then nothing has happened, and it fires once afterwards', async () => {
    const contactId = await atTheEnd();
    const before = await service.enrolment(contactId);
    const blocker = service.db.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE');
    const dying = timers().execute();
    dying.catch(() => undefined);
    const pid = await waitUntil(waitingBackend, { what: 'the timer waits at the outbox', timeoutMs: 30_000 });
    await service.db.query('SELECT pg_terminate_backend($1)', [pid]);
    await expect(dying).rejects.toThrow();
    await blocker.rollbackTransaction();
    await blocker.release();
    expect(await service.enrolment(contactId)).toEqual(before);
    expect((await service.said(contactId)).map(({ type }) => type)).toEqual(['RequestOptIn']);
    await service.fire();
    expect((await service.said(contactId)).map(({ type }) => type)).toEqual(['RequestOptIn', 'ExpungeContact']);
    expect(await service.enrolment(contactId)).toMatchObject({ state: 'expunging' });
  });

  test('When the contact opts in while its timer is claimed, then the claim does not wait and asks for no removal', async () => {
    const contactId = await atTheEnd();
    const person = service.db.createQueryRunner();
    await person.startTransaction();
    await person.query('SELECT FROM subject WHERE contact_id = $1 FOR UPDATE', [contactId]);
    await service.fire();
    expect(await service.enrolment(contactId)).toMatchObject({ state: 'waiting', asked: false });
    await person.rollbackTransaction();
    await person.release();
    await service.deliver(ContactOptedIn, { tenantId: active.tenantId, contactId, at: new Date().toISOString() });
    await service.fire();
    expect((await service.said(contactId)).map(({ type }) => type)).toEqual(['RequestOptIn']);
    expect(await service.enrolment(contactId)).toMatchObject({ state: 'opted-in', due_in: null });
  });

  test('When the contact is erased, then its timer is gone and never fires', async () => {
    const contactId = await atTheEnd();
    await service.deliver(EraseContactData, anEraseCommand({ tenantId: active.tenantId, contactId }));
    await service.fire();
    expect((await service.said(contactId)).map(({ type }) => type)).toEqual(['RequestOptIn', 'ContactDataErased']);
    expect(await service.enrolment(contactId)).toBeUndefined();
  });

  test('When a timer belongs to nothing, then it is gone after it was due and holds up nobody', async () => {
    const [id, other] = await enrolled(2);
    await service.db.query('INSERT INTO timer VALUES ($1, $2, $3, now())', [id, randomUUID(), active.tenantId]);
    await service.fire();
    expect(await service.db.query('SELECT FROM timer WHERE contact_id = $1', [id])).toEqual([]);
    expect(await saidOf([id!, other!])).toHaveLength(2);
  });

  test('When one cannot fire, then it is put off, the others fire, and it is tried again', async () => {
    const { contactId } = await service.anEnrolled(await anUnfireable(service));
    const others = await enrolled(3);
    for (const _ of ['put off', 'tried again']) {
      await service.pass(contactId);
      await service.fire();
      const { due_in: dueInSeconds, ...enrolment } = (await service.enrolment(contactId))!;
      expect(dueInSeconds).toBeGreaterThan(500);
      expect(enrolment).toMatchObject({ state: 'waiting', step: 0 });
    }
    expect(await saidOf([contactId, ...others])).toHaveLength(3);
    await service.pass(contactId, -DAY);
  });

  test('When none of several clients can fire, then they stay due, for that is a fault of ours', async () => {
    const clients = [await anUnfireable(service), await anUnfireable(service)];
    const each = many(10, () => clients).flat();
    const contacts: { contactId: string }[] = [];
    for (const client of each) contacts.push(await service.anEnrolled(client));
    for (const [n, { contactId }] of contacts.entries()) await service.pass(contactId, n);
    await expect(timers().execute()).rejects.toThrow(EveryTimerFailed);
    const dueIn = await Promise.all(
      contacts.map(async ({ contactId }) => (await service.enrolment(contactId))!.due_in ?? Infinity),
    );
    // One end may have had so few, beside what the other held, that all were of one client.
    expect(dueIn.filter((seconds) => seconds <= 0).length).toBeGreaterThanOrEqual(10);
    await service.db.query(`UPDATE timer SET due_at = now() + interval '1 day'`);
  });
});

async function waitingBackend(): Promise<number | undefined> {
  const [row] = await service.db.query(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO outbox%'`,
  );
  return row?.pid;
}
