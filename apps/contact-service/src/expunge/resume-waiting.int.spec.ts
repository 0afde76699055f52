import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { many } from '../../../../test/support/make.js';
import { aHold, inMs, liftHold } from '../../test/a-hold.js';
import {
  aContact,
  aPerson,
  aTenant,
  anAccount,
  type ContactService,
  startContactService,
  STATUS_PAGE_URL,
} from '../../test/start.js';
import { RequestExpunge } from './request-expunge.js';
import { ResumeWaiting } from './resume-waiting.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const typesAbout = async (contactId: string) => (await service.said(contactId)).map(({ type }) => type);
const saidOf = async (contactId: string, type: string) =>
  (await service.said(contactId)).filter((said) => said.type === type).map(({ data }) => data);
const begun = (contactId: string) => comes(contactId, 'ExpungeRequested', 1);
const skipped = (contactId: string, times: number) => comes(contactId, 'ExpungeWaiting', times);
/** Does not wait for the next tick of the timer. */
const comes = (contactId: string, type: string, times: number) =>
  waitUntil(
    async () => {
      service.app.get(Pumps).wake('resume-waiting');
      return (await saidOf(contactId, type))[times - 1];
    },
    { what: `${type} is said ${times} times`, timeoutMs: 30_000 },
  );
const lookNow = (contactId: string) =>
  service.db.query('UPDATE waiting_expunge SET look_at = now() WHERE contact_id = $1', [contactId]);

/** A person whose removal was asked for by Delete Account and waits: for a hold, or the kill switch. */
async function aWaiting({ until, killSwitch = false }: { until?: string; killSwitch?: boolean } = {}) {
  const tenant = await aTenant(service);
  const { candidate, contactId } = await anAccount(service, tenant);
  const holdId = killSwitch ? '' : await aHold(service, tenant, contactId, until === undefined ? {} : { until });
  if (killSwitch) await tenant.setKillSwitch(true);
  const press = () => service.call(candidate, 'DELETE', '/v1/account');
  const answer = await press();
  const { expungeId, statusUrl } = answer.body as { expungeId: string; statusUrl: string };
  return { tenant, candidate, contactId, holdId, answer, expungeId, statusUrl, press };
}

describe('a removal that must wait', () => {
  test('When a held person deletes the account, then the contact is disabled, the request waits and is announced', async () => {
    const until = inMs(3_600_000);
    const { tenant, contactId, answer, expungeId, statusUrl } = await aWaiting({ until });
    expect(answer).toMatchObject({ status: 202, body: { outcome: 'waiting' } });
    expect(answer.headers.get('location')).toBe(statusUrl);
    expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled', 'ExpungeWaiting']);
    const [waiting] = await saidOf(contactId, 'ExpungeWaiting');
    const statusTokenHash = createHash('sha256').update(statusUrl.slice(STATUS_PAGE_URL.length)).digest('base64url');
    const about = { tenantId: tenant.tenantId, contactId, expungeId, statusTokenHash, requestedBy: 'candidate' };
    expect(waiting).toMatchObject({ ...about, reason: 'account-deleted', waitingFor: ['hold'], until });
    const read = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}`);
    expect(read.body).toMatchObject({ state: 'disabled' });
  });

  test('When it waits for a hold or for the kill switch, then the answers do not tell which', async () => {
    const [held, stopped] = [await aWaiting(), await aWaiting({ killSwitch: true })];
    for (const { answer, expungeId, statusUrl } of [held, stopped]) {
      expect(answer.status).toBe(202);
      expect(answer.body).toEqual({ outcome: 'waiting', expungeId, statusUrl });
    }
    const [said] = await saidOf(stopped.contactId, 'ExpungeWaiting');
    expect(said).toMatchObject({ waitingFor: ['kill-switch'] });
    expect(said).not.toHaveProperty('until');
  });

  test('When the button is pressed again, also with the policy off by now, then the answer is the same', async () => {
    const { tenant, contactId, answer, press } = await aWaiting();
    expect(await press()).toMatchObject({ status: 202, body: answer.body });
    await tenant.setPolicy('off');
    expect(await press()).toMatchObject({ status: 202, body: answer.body });
    const recruiter = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
    expect(recruiter).toMatchObject({ status: 202, body: answer.body });
    expect(await saidOf(contactId, 'ExpungeWaiting')).toHaveLength(1);
  });

  test('When the person comes back while it waits, then there is no account to sign up for or to read', async () => {
    const { candidate, contactId } = await aWaiting();
    const again = await service.call(candidate, 'POST', '/v1/account', aPerson());
    expect(again).toMatchObject({ status: 409, body: { code: 'account-being-removed' } });
    expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 410 });
    expect(await typesAbout(contactId)).not.toContain('ContactEnabled');
  });

  test('When a recruiter looks how far it is, then it waits, and why is not said', async () => {
    const { tenant, contactId, expungeId } = await aWaiting();
    const removal = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}/removal`);
    expect(removal).toMatchObject({ status: 200, body: { state: 'waiting', expungeId, requestedBy: 'candidate' } });
    expect(removal.text).not.toMatch(/hold|kill/);
    const other = await aTenant(service);
    const foreign = await service.call(other.recruiter, 'GET', `/v1/contacts/${contactId}/removal`);
    expect(foreign).toMatchObject({ status: 404 });
  });

  test('When the kill switch is set while the click is handled, then the click waits', async () => {
    const tenant = await aTenant(service);
    const { candidate } = await anAccount(service, tenant);
    const on = { sql: 'UPDATE tenant SET kill_switch_since = now() WHERE id = $1', values: [tenant.tenantId] };
    const click = await service.whileHeld(on, () => service.call(candidate, 'DELETE', '/v1/account'));
    expect(click).toMatchObject({ status: 202, body: { outcome: 'waiting' } });
  });
});

describe('when what it waits for ends', () => {
  test('When the hold is lifted, then the same request begins by itself, with its original time', async () => {
    const { tenant, contactId, holdId, answer, press, expungeId } = await aWaiting();
    const [waiting] = await saidOf(contactId, 'ExpungeWaiting');
    await liftHold(service, tenant, contactId, holdId);
    const { requestedAt, statusTokenHash, reason } = waiting!;
    const request = { expungeId, requestedAt, statusTokenHash, reason, sealedRecipient: expect.any(String) };
    expect(await begun(contactId)).toMatchObject(request);
    expect(await press()).toMatchObject({ status: 202, body: { ...answer.body, outcome: 'expunging' } });
    const removal = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}/removal`);
    expect(removal.body).toMatchObject({ state: 'requested', requestedAt });
    expect(await service.db.query('SELECT 1 FROM waiting_expunge WHERE contact_id = $1', [contactId])).toEqual([]);
  });

  test('When the hold ends by its date, then the removal begins by itself', async () => {
    const until = inMs(3_600_000);
    const { contactId } = await aWaiting({ until });
    const [timer] = await service.db.query('SELECT look_at FROM waiting_expunge WHERE contact_id = $1', [contactId]);
    expect(timer).toEqual({ look_at: new Date(until) });
    await service.db.query('UPDATE hold SET until = now() WHERE contact_id = $1', [contactId]);
    await lookNow(contactId);
    const requested = async () => (await saidOf(contactId, 'ExpungeRequested'))[0];
    await waitUntil(requested, { what: 'the removal begins', timeoutMs: 30_000 });
  });

  test('When one of two holds is lifted, then it is skipped once more, and begins with the second', async () => {
    const { tenant, contactId, holdId } = await aWaiting();
    const until = inMs(3_600_000);
    const second = await aHold(service, tenant, contactId, { until });
    expect(await skipped(contactId, 2)).not.toHaveProperty('until');
    await liftHold(service, tenant, contactId, holdId);
    expect(await skipped(contactId, 3)).toMatchObject({ waitingFor: ['hold'], until });
    expect(await saidOf(contactId, 'ExpungeRequested')).toEqual([]);
    await liftHold(service, tenant, contactId, second);
    await begun(contactId);
  });

  test('When the kill switch is released, then what waits begins, except what is held', async () => {
    const { tenant, contactId } = await aWaiting({ killSwitch: true });
    const heldId = await aContact(service, tenant);
    await aHold(service, tenant, heldId);
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${heldId}/expunge`);
    expect(await saidOf(heldId, 'ExpungeWaiting')).toMatchObject([{ waitingFor: ['hold', 'kill-switch'] }]);
    await tenant.setKillSwitch(false);
    await begun(contactId);
    expect(await skipped(heldId, 2)).toMatchObject({ waitingFor: ['hold'], requestedBy: 'recruiter' });
    expect(await saidOf(heldId, 'ExpungeRequested')).toEqual([]);
  });

  test('When expunge was switched off meanwhile, then what was accepted is done all the same', async () => {
    const { tenant, contactId, holdId } = await aWaiting();
    await tenant.setPolicy('off');
    await liftHold(service, tenant, contactId, holdId);
    await begun(contactId);
  });
});

describe('the timer', () => {
  const resume = () => service.app.get(ResumeWaiting).execute();

  test('When two processes look at the same request at once, then it is skipped, or begins, once', async () => {
    const { contactId } = await aWaiting();
    const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId], waiting: 2 };
    await lookNow(contactId);
    await service.whileHeld(held, () => Promise.all([resume(), resume()]));
    expect(await saidOf(contactId, 'ExpungeWaiting')).toHaveLength(2);
    await service.db.query('DELETE FROM hold WHERE contact_id = $1', [contactId]);
    await lookNow(contactId);
    await service.whileHeld(held, () => Promise.all([resume(), resume()]));
    expect(await saidOf(contactId, 'ExpungeRequested')).toHaveLength(1);
  });

  test('When a removal of one company cannot begin, then those of others do', async () => {
    const [failing, other] = [await aWaiting(), await aWaiting()];
    const request = service.app.get(RequestExpunge);
    const { execute } = RequestExpunge.prototype;
    request.execute = async (tx, beginnings) => {
      if (beginnings.some(({ judged }) => judged.tenant.id === failing.tenant.tenantId)) throw new Error('not now');
      return execute.call(request, tx, beginnings);
    };
    try {
      for (const { tenant, contactId, holdId } of [failing, other]) await liftHold(service, tenant, contactId, holdId);
      await begun(other.contactId);
      expect(await saidOf(failing.contactId, 'ExpungeRequested')).toEqual([]);
    } finally {
      request.execute = execute;
    }
    await begun(failing.contactId);
  });

  test('When more wait than fit in a chunk, then all begin, and each is written down', async () => {
    const { tenantId } = await aTenant(service);
    const ids = many(130, () => randomUUID());
    await service.db.query(
      `WITH due AS (SELECT * FROM unnest($2::uuid[]) AS d (id)),
            known AS (INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM due),
            hidden AS (INSERT INTO contact (id, tenant_id, source, state, email) SELECT id, $1, 'manual', 'disabled', id || '@example.org' FROM due)
       INSERT INTO waiting_expunge (contact_id, tenant_id, expunge_id, status_token, requested_by, reason, requested_at,
         waiting_for, look_at)
       SELECT id, $1, gen_random_uuid(), id, 'candidate', 'account-deleted', now(), '{hold}', now() FROM due`,
      [tenantId, ids],
    );
    const all = async (): Promise<true | undefined> => {
      const [row] = await service.db.query(
        `SELECT (SELECT count(*)::int FROM contact WHERE tenant_id = $1 AND state = 'expunging') AS expunging,
                (SELECT count(*)::int FROM audit_log WHERE tenant_id = $1 AND action = 'expunge.resumed') AS recorded`,
        [tenantId],
      );
      return (row.expunging === 130 && row.recorded === 130) || undefined;
    };
    await waitUntil(all, { what: 'all have begun', timeoutMs: 30_000 });
    expect(await resume()).toBe('idle');
  });
});
