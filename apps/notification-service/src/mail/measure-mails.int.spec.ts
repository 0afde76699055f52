import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { DatabaseReadings, MetricsServer } from '#service';
import { type Scraped, scrape } from '../../../../test/support/scrape.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { aMail, anOptIn, aTenant, startNotification } from '../../test/make.js';

let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, { METRICS_PORT: '0', OPT_IN_MAILS_FIRST_DAY: '1' });
});
beforeEach(async () => {
  server.behaviour = {};
  await service.db.query('DELETE FROM mail');
});
afterAll(async () => {
  await service.stop();
  await server.close();
});

/** With values read now. */
async function scraped(): Promise<Scraped> {
  await service.app.get(DatabaseReadings).refresh({ notOlderThanMs: 0 });
  return scrape(service.app.get(MetricsServer).port);
}

const PURPOSE = { purpose: 'expunge-confirmation' };
const countOf = async (outcome: string): Promise<number> =>
  (await scraped()).value('mails_total', { ...PURPOSE, outcome })!;

/** The count of an outcome has grown since `before`. */
const untilMore = (outcome: string, before: number): Promise<unknown> =>
  waitUntil(async () => (await countOf(outcome)) > before || undefined, { what: outcome, timeoutMs: 30_000 });

test.each([
  ['accepts', 'accepted', undefined],
  ['refuses for good', 'rejected', 550],
  ['refuses for now', 'put-off', 451],
])('When the mail server %s, then that is counted as %s, and nobody is named', async (_, outcome, reply) => {
  server.behaviour = { onMail: () => reply };
  const before = await countOf(outcome);
  const address = 'jo.doe@example.com';
  const mail = await aMail({}, { address });
  await service.deliver(SendEmail, mail);
  await untilMore(outcome, before);
  const { text } = await scraped();
  for (const secret of [address, mail.emailId, mail.contactId, mail.tenantId]) expect(text).not.toContain(secret);
});

test('When a mail was tried for too long, then it is counted as expired', async () => {
  server.behaviour = { onMail: () => 451 };
  const before = await countOf('expired');
  const mail = await aMail();
  await service.deliver(SendEmail, mail);
  await service.db.query(`UPDATE mail SET queued_at = now() - interval '97 hours' WHERE email_id = $1`, [mail.emailId]);
  await untilMore('expired', before);
});

test('When the mail server is away, then that is counted, and the waiting mail and its age are told', async () => {
  await server.close();
  const before = await countOf('unreachable');
  const mail = await aMail();
  await service.deliver(SendEmail, mail);
  await service.db.query(`UPDATE mail SET queued_at = now() - interval '1 hour' WHERE email_id = $1`, [mail.emailId]);
  await untilMore('unreachable', before);
  const { value } = await scraped();
  expect(value('mails_waiting', PURPOSE)).toBe(1);
  expect(value('mails_waiting', { purpose: 'removal-link' })).toBe(0);
  expect(value('mail_oldest_waiting_age_seconds', PURPOSE)).toBeGreaterThanOrEqual(3_600);
  expect(value('mail_oldest_waiting_age_seconds', { purpose: 'removal-link' })).toBe(0);
  await server.open();
  const empty = async (): Promise<true | undefined> =>
    (await scraped()).value('mail_oldest_waiting_age_seconds', PURPOSE) === 0 || undefined;
  await waitUntil(empty, { what: 'no mail waits', timeoutMs: 30_000 });
  expect((await scraped()).value('mails_waiting', PURPOSE)).toBe(0);
});

test('When mails wait for their send budget, then they are counted, and their age is no trouble', async () => {
  const tenant = aTenant();
  await service.deliver(TenantChanged, tenant);
  const { tenantId } = tenant;
  await service.deliver(SendEmail, [await anOptIn({ tenantId }), await anOptIn({ tenantId })]);
  const putOff = async (): Promise<true | undefined> => {
    const left: { later: boolean }[] = await service.db.query('SELECT due_at > now() AS later FROM mail');
    return (left.length === 1 && left[0]!.later) || undefined;
  };
  await waitUntil(putOff, { what: 'the mail waits for the next day', timeoutMs: 30_000 });
  const { value } = await scraped();
  expect(value('mails_waiting', { purpose: 'opt-in' })).toBe(1);
  expect(value('mail_oldest_waiting_age_seconds', { purpose: 'opt-in' })).toBe(0);
});
