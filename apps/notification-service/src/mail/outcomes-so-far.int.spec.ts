import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CancelEmails, type Data, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { aMail, anOptIn, aRemovalLink, answersTo, answerTo, aTenant, startNotification } from '../../test/make.js';
import { RecordBounces } from '../bounces/record-bounces.js';

let server: MailServer;
let service: TestService;
beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, { OPT_IN_MAILS_FIRST_DAY: '1' });
});
beforeEach(() => {
  server.behaviour = {};
});
afterAll(async () => {
  await service.stop();
  await server.close();
});

async function anOrder(): Promise<Data<SendEmail>> {
  const tenant = aTenant();
  await service.deliver(TenantChanged, tenant);
  const mail = await anOptIn({ tenantId: tenant.tenantId });
  await service.deliver(SendEmail, mail);
  return mail;
}
const saidOf = async ({ emailId }: Data<SendEmail>) =>
  (await answersTo(service, emailId)).map(({ type, data }) => ({ type, ...data }));

it('When a mail that was accepted, and came back, is ordered again, then that is told again, and it is not sent twice', async () => {
  const mail = await anOrder();
  await answerTo(service, mail.emailId);
  await service.app.get(RecordBounces).execute([{ emailId: mail.emailId, kind: 'soft', code: 'dsn-4-2-2' }]);
  const before = await saidOf(mail);
  await service.deliver(SendEmail, mail);
  expect(before.map(({ type }) => type)).toEqual(['EmailAccepted', 'EmailBounced']);
  expect(await saidOf(mail)).toEqual([...before, ...before]);
  expect(server.mails.filter(({ from }) => from.includes(mail.emailId))).toHaveLength(1);
});

it('When a mail that was refused for good is ordered again, then that is told again', async () => {
  server.behaviour = { onRcpt: () => 550 };
  const mail = await anOrder();
  await answerTo(service, mail.emailId);
  await service.deliver(SendEmail, mail);
  const [first, again] = await saidOf(mail);
  expect(again).toEqual(first);
});

it('When a mail that waits in the send budget is ordered again, then it is told that it waits', async () => {
  const first = await anOrder();
  await answerTo(service, first.emailId);
  const mail = await anOptIn({ tenantId: first.tenantId });
  await service.deliver(SendEmail, mail);
  const putOff = async () => {
    const sql = `SELECT FROM mail WHERE email_id = $1 AND last_code = 'over-budget'`;
    return (await service.db.query(sql, [mail.emailId])).length > 0 ? true : undefined;
  };
  await waitUntil(putOff, { what: 'the mail put off', timeoutMs: 30_000 });
  await service.deliver(SendEmail, mail);
  expect(await saidOf(mail)).toMatchObject([{ type: 'EmailRejected', permanent: false, code: 'over-budget' }]);
});

it('When a mail is new, was called back, or has the link of a removal page, then nothing is told', async () => {
  const first = await anOrder();
  await answerTo(service, first.emailId);
  const { tenantId } = first;
  const [calledBack, link] = [await anOptIn({ tenantId }), await aRemovalLink({ tenantId })];
  const { contactId, emailId } = calledBack;
  await service.deliver(CancelEmails, { tenantId, contactId, emailIds: [emailId] });
  await service.deliver(SendEmail, [calledBack, link]);
  await answerTo(service, link.emailId);
  await service.deliver(SendEmail, link);
  expect([(await saidOf(calledBack)).length, (await saidOf(link)).length]).toEqual([0, 1]);
});

it('When a confirmation that was accepted is ordered again, then that is told again, with its request, and it is not sent twice', async () => {
  const mail = await aMail();
  await service.deliver(SendEmail, mail);
  await answerTo(service, mail.emailId);
  const [before] = await saidOf(mail);
  const sent = server.mails.length;
  await service.deliver(SendEmail, mail);
  expect(before).toMatchObject({ type: 'EmailAccepted', expungeId: mail.expungeId });
  expect(await saidOf(mail)).toEqual([before, before]);
  expect(server.mails).toHaveLength(sent);
});
