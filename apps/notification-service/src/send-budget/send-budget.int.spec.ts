import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { many } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import {
  aFile,
  aMail,
  anOptIn,
  answerTo,
  aTenant,
  dkimFile,
  isFinal,
  MAIL_DOMAIN,
  ownDkim,
  startNotification,
} from '../../test/make.js';
import { RecordBounces } from '../bounces/record-bounces.js';
import { ClaimOptIns } from '../mail/claim-opt-ins.js';

const FIRST_DAY = 5;
const OTHER_DOMAIN = 'mail.company.example';
const env = {
  OPT_IN_MAILS_FIRST_DAY: String(FIRST_DAY),
  OPT_IN_MAILS_MAX_PER_DAY: '12',
  DKIM_KEYS_FILE: aFile(dkimFile(ownDkim(), { ...ownDkim(), domain: OTHER_DOMAIN })),
};
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, env);
});

beforeEach(() => {
  server.behaviour = {};
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

async function aClient(): Promise<string> {
  const tenant = aTenant();
  await service.deliver(TenantChanged, tenant);
  return tenant.tenantId;
}

const optIns = (tenantId: string, count: number) => Promise.all(many(count, () => anOptIn({ tenantId })));
const ask = async (tenantId: string, count: number): Promise<void> => {
  await service.deliver(SendEmail, await optIns(tenantId, count));
};
const sentBy = async (tenantId: string): Promise<number> =>
  (await service.outbox()).filter((one) => one.data.tenantId === tenantId && isFinal(one)).length;
const waitingOf = (tenantId: string): Promise<{ code: string; mails: number; tomorrow: boolean }[]> =>
  service.db.query(
    `SELECT last_code AS code, count(*)::int AS mails, bool_and(
       due_at = ((now() AT TIME ZONE 'UTC')::date + 1)::timestamp AT TIME ZONE 'UTC') AS tomorrow
     FROM mail WHERE tenant_id = $1 GROUP BY 1`,
    [tenantId],
  );
/** The sent ones and those put off. */
async function settled(tenantId: string, count: number): Promise<void> {
  const all = async () => {
    const putOff = (await waitingOf(tenantId)).reduce((sum, row) => sum + (row.tomorrow ? row.mails : 0), 0);
    return (await sentBy(tenantId)) + putOff === count ? true : undefined;
  };
  await waitUntil(all, { what: `${count} mails sent or put off`, timeoutMs: 30_000 });
}
/** The days that were, all one day longer ago, and what waits for the next one due now. */
const aDayLater = async (tenantId: string): Promise<void> => {
  await service.db.query('UPDATE send_budget SET day = day - 1 WHERE tenant_id = $1', [tenantId]);
  await service.db.query('UPDATE mail SET due_at = now(), budget_day = budget_day - 1 WHERE tenant_id = $1', [
    tenantId,
  ]);
};
async function asked(method: 'GET' | 'POST', path: string, tenantId: string, role = 'client-admin' as const) {
  const token = await service.token({ subject: 'admin-1', roles: [role], tenantId });
  const response = await fetch(`${service.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const shown = async (tenantId: string) => (await asked('GET', '/v1/send-budget', tenantId)).body;

describe('the budget of a day', () => {
  it('When more mails are asked for, then the others wait for the next day, which allows twice as many', async () => {
    const tenantId = await aClient();
    await ask(tenantId, 30);
    await settled(tenantId, 30);
    expect(await sentBy(tenantId)).toBe(FIRST_DAY);
    expect(await waitingOf(tenantId)).toEqual([{ code: 'over-budget', mails: 25, tomorrow: true }]);
    for (const [sent, allowed] of [
      [15, 10],
      [27, 12],
      [30, 12],
    ]) {
      await aDayLater(tenantId);
      await settled(tenantId, 30);
      expect(await sentBy(tenantId)).toBe(sent);
      expect(await shown(tenantId)).toMatchObject({ allowedToday: allowed, waiting: 30 - sent! });
    }
  });

  it('When a client has used its budget up, then confirmations and other clients are not held up', async () => {
    const [tenantId, other] = [await aClient(), await aClient()];
    await ask(tenantId, 20);
    await ask(other, 3);
    const confirmation = await aMail({ tenantId });
    await service.deliver(SendEmail, confirmation);
    expect((await answerTo(service, confirmation.emailId)).type).toBe('EmailAccepted');
    await settled(tenantId, 21);
    await settled(other, 3);
    expect([await sentBy(tenantId), await sentBy(other)]).toEqual([FIRST_DAY + 1, 3]);
  });

  it('When a client gets a domain of its own, then nobody knows that one yet, and its budget begins anew', async () => {
    const tenant = aTenant();
    await service.deliver(TenantChanged, tenant);
    const { tenantId } = tenant;
    await ask(tenantId, FIRST_DAY + 3);
    await settled(tenantId, FIRST_DAY + 3);
    await aDayLater(tenantId);
    await settled(tenantId, FIRST_DAY + 3);
    await service.deliver(TenantChanged, { ...tenant, revision: 2, mailDomain: OTHER_DOMAIN });
    expect(await shown(tenantId)).toMatchObject({ domain: OTHER_DOMAIN, allowedToday: FIRST_DAY, sentToday: 0 });
    await ask(tenantId, FIRST_DAY + 2);
    await settled(tenantId, 2 * FIRST_DAY + 5);
    expect(await sentBy(tenantId)).toBe(2 * FIRST_DAY + 3);
    expect(await shown(tenantId)).toMatchObject({ sentToday: FIRST_DAY, waiting: 2 });
  });

  it('When a mail is tried several times a day, then it counts once', async () => {
    const tenantId = await aClient();
    server.behaviour = { onRcpt: () => 451 };
    await ask(tenantId, FIRST_DAY);
    const tried = async () => {
      const [row] = await service.db.query('SELECT min(attempts) AS tries FROM mail WHERE tenant_id = $1', [tenantId]);
      return row.tries >= 2 ? true : undefined;
    };
    await waitUntil(tried, { what: 'a second try', timeoutMs: 30_000 });
    server.behaviour = {};
    await settled(tenantId, FIRST_DAY);
    expect(await shown(tenantId)).toMatchObject({ sentToday: FIRST_DAY, waiting: 0 });
  });

  it('When a mail waits longer for a budget than mails are tried, then it is sent all the same', async () => {
    const tenantId = await aClient();
    await ask(tenantId, FIRST_DAY + 1);
    await settled(tenantId, FIRST_DAY + 1);
    await service.db.query(
      `UPDATE mail SET due_at = now(), queued_at = queued_at - interval '200 hours' WHERE tenant_id = $1`,
      [tenantId],
    );
    await settled(tenantId, FIRST_DAY + 1);
    let refused = 0;
    server.behaviour = { onRcpt: () => (refused++ === 0 ? 451 : undefined) };
    await aDayLater(tenantId);
    await waitUntil(async () => ((await sentBy(tenantId)) === FIRST_DAY + 1 ? true : undefined), {
      what: 'the last mail',
      timeoutMs: 30_000,
    });
    const answers = (await service.outbox()).filter((one) => one.data.tenantId === tenantId && isFinal(one));
    expect([refused, answers.map(({ type }) => type)]).toEqual([2, many(FIRST_DAY + 1, () => 'EmailAccepted')]);
  });

  it('When several processes take at once, then together they take no more than is allowed', async () => {
    const quiet = await startNotification('smtp://127.0.0.1:1', { ...env, OPT_IN_MAILS_FIRST_DAY: '10' });
    const tenant = aTenant();
    try {
      await quiet.deliver(TenantChanged, tenant);
      await quiet.deliver(SendEmail, await optIns(tenant.tenantId, 60));
      const terms = { limit: 7, except: [], leaseSeconds: 60, giveUpAfterHours: 96 };
      const claims = await Promise.all(many(12, () => quiet.app.get(ClaimOptIns).execute(terms)));
      const claimed = claims.flatMap(({ mails }) => mails.map(({ emailId }) => emailId));
      const [row] = await quiet.db.query('SELECT sum(sent)::int AS sent FROM send_budget');
      const [leased] = await quiet.db.query('SELECT count(*)::int AS mails FROM mail WHERE budget_day IS NOT NULL');
      expect(new Set(claimed).size).toBe(claimed.length);
      expect([row.sent, leased.mails]).toEqual([10, 10]);
    } finally {
      await quiet.stop();
    }
  });
});

describe('complaints', () => {
  const complaints = async (tenantId: string, count: number): Promise<void> => {
    const mails = await optIns(tenantId, count);
    await service.db.query(
      `WITH known AS (INSERT INTO subject (contact_id, tenant_id)
         SELECT contact_id, $1 FROM unnest($2::uuid[]) AS contact_id RETURNING contact_id)
       INSERT INTO mail_outcome (email_id, tenant_id, contact_id, purpose, outcome)
       SELECT m.email_id, $1, m.contact_id, 'opt-in', 'accepted' FROM unnest($3::uuid[], $2::uuid[]) AS m (email_id, contact_id)`,
      [tenantId, mails.map((mail) => mail.contactId), mails.map((mail) => mail.emailId)],
    );
    const told = mails.map(({ emailId }) => ({ emailId, kind: 'complaint' as const, code: 'complaint' }));
    await service.app.get(RecordBounces).execute(told);
  };
  const sentBefore = (tenantId: string, sent: number) =>
    service.db.query(
      `INSERT INTO send_budget (tenant_id, domain, day, sent) VALUES ($1, $2, (now() AT TIME ZONE 'UTC')::date - 6, $3)`,
      [tenantId, MAIL_DOMAIN, sent],
    );
  const audited = async (tenantId: string) =>
    service.db.query('SELECT actor, action FROM audit_log WHERE tenant_id = $1 ORDER BY seq', [tenantId]);

  it('When there are more than 3 in 1,000, then mails stop, visibly, until a client admin resumes them', async () => {
    const tenantId = await aClient();
    await sentBefore(tenantId, 1_000);
    await complaints(tenantId, 3);
    expect(await shown(tenantId)).toMatchObject({ paused: false, lastSevenDays: { sent: 1_000, complaints: 3 } });
    await complaints(tenantId, 1);
    expect(await shown(tenantId)).toMatchObject({ paused: true, allowedToday: 0, pausedAt: expect.any(String) });
    await ask(tenantId, 2);
    await settled(tenantId, 2);
    expect(await waitingOf(tenantId)).toEqual([{ code: 'sending-paused', mails: 2, tomorrow: true }]);

    expect((await asked('POST', '/v1/send-budget/resume', tenantId)).body).toMatchObject({
      paused: false,
      pausedAt: null,
    });
    await waitUntil(async () => ((await sentBy(tenantId)) === 2 ? true : undefined), {
      what: 'both',
      timeoutMs: 20_000,
    });
    expect(await asked('POST', '/v1/send-budget/resume', tenantId)).toMatchObject({ status: 200 });
    await complaints(tenantId, 3);
    expect(await shown(tenantId)).toMatchObject({ paused: false });
    await complaints(tenantId, 1);
    expect(await shown(tenantId)).toMatchObject({ paused: true });
    expect(await audited(tenantId)).toEqual([
      { actor: 'system', action: 'opt-in-mails.paused' },
      { actor: 'admin-1', action: 'opt-in-mails.resumed' },
      { actor: 'system', action: 'opt-in-mails.paused' },
    ]);
  });

  it('When another client is complained of, or it was long ago, then nothing stops', async () => {
    const [tenantId, other] = [await aClient(), await aClient()];
    await sentBefore(tenantId, 1_000);
    await complaints(other, 4);
    await complaints(tenantId, 4);
    await service.db.query('DELETE FROM send_pause');
    await service.db.query('UPDATE send_budget SET day = day - 7 WHERE tenant_id = $1', [tenantId]);
    await complaints(tenantId, 1);
    expect(await shown(tenantId)).toMatchObject({ paused: false, lastSevenDays: { sent: 0, complaints: 1 } });
    expect(await shown(other)).toMatchObject({ paused: false, lastSevenDays: { complaints: 4 } });
  });
});
