import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Data, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
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
