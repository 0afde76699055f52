import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Data, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { many } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { anOptIn, answersTo, aTenant, isFinal, RETRIES_LATE, startNotification, tryNow } from '../../test/make.js';

const FIRST_DAY = 5;
let server: MailServer;
let service: TestService;
let tenantId: string;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, { ...RETRIES_LATE, OPT_IN_MAILS_FIRST_DAY: String(FIRST_DAY) });
});

beforeEach(async () => {
  server.behaviour = {};
  const tenant = aTenant();
  await service.deliver(TenantChanged, tenant);
  ({ tenantId } = tenant);
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

const pause = () => service.db.query('INSERT INTO send_pause (tenant_id) VALUES ($1)', [tenantId]);
async function resume(): Promise<void> {
  const token = await service.token({ subject: 'admin-1', roles: ['client-admin'], tenantId });
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await fetch(`${service.url}/v1/send-budget/resume`, { method: 'POST', headers });
  expect(status).toBe(200);
}

const waiting = (): Promise<{ id: string; code: string; attempts: number; later: boolean; version: string }[]> =>
  service.db.query(
    `SELECT email_id AS id, last_code AS code, attempts, due_at > now() + interval '1 minute' AS later, xmin::text AS version
     FROM mail WHERE tenant_id = $1 ORDER BY 1`,
    [tenantId],
  );
const sent = async (): Promise<number> =>
  (await service.outbox()).filter((one) => one.data.tenantId === tenantId && isFinal(one)).length;
/** Some are sent, and the others put off. */
async function settled(expected: { sent: number; later: number }): Promise<void> {
  const all = async () => {
    const later = (await waiting()).filter((mail) => mail.later).length;
    return ((await sent()) === expected.sent && later === expected.later) || undefined;
  };
  await waitUntil(all, { what: JSON.stringify(expected), timeoutMs: 20_000 });
}
async function ask(count: number): Promise<Data<SendEmail>[]> {
  const mails = await Promise.all(many(count, () => anOptIn({ tenantId })));
  await service.deliver(SendEmail, mails);
  return mails;
}
const aDayLater = async (): Promise<void> => {
  await service.db.query('UPDATE send_budget SET day = day - 1 WHERE tenant_id = $1', [tenantId]);
  await service.db.query(
    `UPDATE mail SET due_at = due_at - interval '1 day', budget_day = budget_day - 1 WHERE tenant_id = $1`,
    [tenantId],
  );
};

describe('a pause that ends', () => {
  it('When more mails wait than the budget allows, then no others are touched, and they go on later days', async () => {
    await pause();
    const asked = await ask(FIRST_DAY + 3);
    await settled({ sent: 0, later: FIRST_DAY + 3 });
    const before = await waiting();
    await resume();
    await settled({ sent: FIRST_DAY, later: 3 });
    const left = await waiting();
    expect(before).toEqual(expect.arrayContaining(left));
    const one = asked.find(({ emailId }) => emailId === left[0]!.id)!;
    await service.deliver(SendEmail, one);
    expect((await answersTo(service, one.emailId)).at(-1)!.data).toMatchObject({
      permanent: false,
      code: 'over-budget',
    });
    await aDayLater();
    await settled({ sent: FIRST_DAY + 3, later: 0 });
  });

  it('When the budget was used up by mails that are put off by their server, then those go again, and no others', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const counted = await ask(FIRST_DAY);
    const tried = async () => (await waiting()).every(({ attempts }) => attempts === 1) || undefined;
    await waitUntil(tried, { what: 'all tried', timeoutMs: 20_000 });
    await pause();
    await ask(3);
    for (const { emailId } of counted) await tryNow(service, emailId);
    const paused = async () =>
      (await waiting()).every(({ code, later }) => later && code === 'sending-paused') || undefined;
    await waitUntil(paused, { what: 'all put off', timeoutMs: 20_000 });
    const before = await waiting();
    server.behaviour = {};
    await resume();
    await settled({ sent: FIRST_DAY, later: 3 });
    expect(before).toEqual(expect.arrayContaining(await waiting()));
  });

  it('When more wait than are moved at once, then all of them are', async () => {
    await pause();
    // Under a lease, so that nobody takes them.
    await service.db.query(
      `WITH known AS (INSERT INTO subject (contact_id, tenant_id)
         SELECT gen_random_uuid(), $1 FROM generate_series(1, 10001) RETURNING contact_id)
       INSERT INTO mail (email_id, tenant_id, contact_id, purpose, sealed, attachments, last_code, due_at, lease_until)
       SELECT gen_random_uuid(), $1, contact_id, 'opt-in', '', '[]', 'sending-paused',
         now() + least(day.ends - now(), interval '1 hour') / 2, now() + interval '1 day'
       FROM known, (SELECT ((now() AT TIME ZONE 'UTC')::date + 1)::timestamp AT TIME ZONE 'UTC' AS ends) AS day`,
      [tenantId],
    );
    await resume();
    const [row] = await service.db.query(
      'SELECT count(*)::int AS mails FROM mail WHERE tenant_id = $1 AND due_at > now()',
      [tenantId],
    );
    expect(row.mails).toBe(0);
  });
});

describe('a mail that was put off by its server, and then by a pause', () => {
  let mail: Data<SendEmail>;
  /** What has become of it: its tries while it waits, or the code it was refused with. */
  const fate = async (): Promise<number | string | undefined> => {
    const said = (await answersTo(service, mail.emailId)).find(isFinal);
    if (said) return (said.data.code as string | undefined) ?? said.type;
    const [row] = await service.db.query('SELECT attempts FROM mail WHERE email_id = $1', [mail.emailId]);
    return row?.attempts as number | undefined;
  };
  const becomes = (what: number | string): Promise<unknown> =>
    waitUntil(async () => ((await fate()) === what ? true : undefined), { what: `fate ${what}`, timeoutMs: 20_000 });
  const hoursGoBy = (hours: number): Promise<unknown> =>
    service.db.query(
      `UPDATE mail SET queued_at = queued_at - t.gone, due_at = due_at - t.gone, tries_since = tries_since - t.gone,
         budget_day = budget_day - 1 FROM (SELECT $2 * interval '1 hour' AS gone) AS t WHERE email_id = $1`,
      [mail.emailId, hours],
    );
  const putOff = async (): Promise<void> => {
    const sql = `SELECT FROM mail WHERE email_id = $1 AND last_code = 'sending-paused' AND due_at > now()`;
    const found = async () => (await service.db.query(sql, [mail.emailId])).length === 1 || undefined;
    await waitUntil(found, { what: 'the mail put off', timeoutMs: 20_000 });
  };

  beforeEach(async () => {
    server.behaviour = { onRcpt: () => 451 };
    mail = await anOptIn({ tenantId });
    await service.deliver(SendEmail, mail);
    await becomes(1);
    await pause();
    await tryNow(service, mail.emailId);
    await putOff();
  });

  it('When the pause lasts for days, then they do not count as days in which it could not be handed over', async () => {
    for (let day = 0; day < 5; day++) {
      await hoursGoBy(24);
      await putOff();
    }
    await resume();
    await becomes(2);
    await hoursGoBy(90);
    await becomes(3);
    await hoursGoBy(7);
    await becomes('expired');
  });

  it('When the pause ends at once, then the rest of the day it was put off for counts again', async () => {
    await resume();
    await becomes(2);
    await hoursGoBy(96);
    await becomes('expired');
  });
});
