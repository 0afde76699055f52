import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { CancelEmails, type Data, EraseContactData, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import {
  aRemovalLink,
  anOptIn,
  answersTo,
  answerTo,
  aTenant,
  RETRIES_LATE,
  startNotification,
  tryNow,
} from '../../test/make.js';

const FIRST_DAY = 3;
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, { ...RETRIES_LATE, OPT_IN_MAILS_FIRST_DAY: String(FIRST_DAY) });
});

beforeEach(() => {
  server.behaviour = {};
  server.mails.length = 0;
  server.seen.length = 0;
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

type Mail = Data<SendEmail>;
const calledBack = ({ tenantId, contactId, emailId }: Mail): Data<CancelEmails> => {
  return { tenantId, contactId, emailIds: [emailId] };
};
const cancel = (...mails: Mail[]) => service.deliver(CancelEmails, mails.map(calledBack));
const stored = (mails: readonly Mail[]): Promise<{ email_id: string; due_tomorrow: boolean }[]> =>
  service.db.query(
    `SELECT email_id, due_at > now() + interval '1 second' AS due_tomorrow FROM mail WHERE email_id = ANY($1::uuid[])`,
    [mails.map(({ emailId }) => emailId)],
  );
const outcomesOf = async (mails: readonly Mail[]): Promise<string[]> => {
  const sql = 'SELECT outcome FROM mail_outcome WHERE email_id = ANY($1::uuid[])';
  const rows: { outcome: string }[] = await service.db.query(sql, [mails.map(({ emailId }) => emailId)]);
  return rows.map(({ outcome }) => outcome);
};
/** So many of these are put off to the next day; the others are out. */
async function putOff(mails: readonly Mail[], count: number): Promise<Mail[]> {
  const settled = async () => {
    const rows = await stored(mails);
    return rows.length === count && rows.every((row) => row.due_tomorrow) ? rows : undefined;
  };
  const rows = await waitUntil(settled, { what: `${count} mails put off`, timeoutMs: 30_000 });
  return mails.filter(({ emailId }) => rows.some((row) => row.email_id === emailId));
}
async function aDayLater(tenantId: string): Promise<void> {
  await service.db.query('UPDATE send_budget SET day = day - 1 WHERE tenant_id = $1', [tenantId]);
  await service.db.query('UPDATE mail SET due_at = now(), budget_day = budget_day - 1 WHERE tenant_id = $1', [
    tenantId,
  ]);
}

describe('mails that are called back', () => {
  it('When they wait in the send budget, then they never go out, and the sealed recipient is gone at once', async () => {
    const tenantId = await aClient();
    const mails = await Promise.all(many(8, () => anOptIn({ tenantId })));
    await service.deliver(SendEmail, mails);
    const waiting = await putOff(mails, 8 - FIRST_DAY);
    const [wanted, ...unwanted] = waiting as [Mail, ...Mail[]];
    expect(await cancel(...unwanted)).toMatchObject({ parked: 0 });
    expect((await stored(mails)).map((row) => row.email_id)).toEqual([wanted.emailId]);
    await aDayLater(tenantId);
    expect((await answerTo(service, wanted.emailId)).type).toBe('EmailAccepted');
    expect(server.mails).toHaveLength(FIRST_DAY + 1);
    for (const mail of unwanted) expect(await answersTo(service, mail.emailId)).toEqual([]);
    expect(await outcomesOf(unwanted)).toEqual(unwanted.map(() => 'cancelled'));
  });

  it('When it is called back twice, or asked for again afterwards, or only afterwards, then it is not sent', async () => {
    const tenantId = await aClient();
    const [early, late] = [await anOptIn({ tenantId }), await anOptIn({ tenantId, purpose: 'opt-in-reminder' })];
    server.behaviour = { onRcpt: () => 451 };
    await service.deliver(SendEmail, early);
    await answerTo(service, early.emailId, ({ data }) => data.permanent === false);
    await cancel(early, early, late);
    await cancel(early);
    server.behaviour = {};
    await service.deliver(SendEmail, [early, late]);
    const last = await anOptIn({ tenantId });
    await service.deliver(SendEmail, last);
    await answerTo(service, last.emailId);
    expect(server.mails).toHaveLength(1);
    expect(await stored([early, late])).toEqual([]);
  });

  it('When it is out already, then that stays as it is', async () => {
    const mail = await anOptIn({ tenantId: await aClient() });
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId);
    await cancel(mail);
    expect(await outcomesOf([mail])).toEqual(['accepted']);
  });

  /** The server has the mail and has not answered. */
  async function underWay(answer: () => number | undefined) {
    const gate = Promise.withResolvers<void>();
    server.behaviour = { onMail: () => gate.promise, onRcpt: () => undefined };
    const mail = await anOptIn({ tenantId: await aClient() });
    await service.deliver(SendEmail, mail);
    const begun = () => (server.seen.length > 0 ? true : undefined);
    await waitUntil(begun, { what: 'a mail under way', timeoutMs: 20_000 });
    await cancel(mail);
    server.behaviour = { onRcpt: answer };
    return { mail, gate };
  }

  it('When it is being handed over, then it may still go, and that is told', async () => {
    const { mail, gate } = await underWay(() => undefined);
    gate.resolve();
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
    expect([await outcomesOf([mail]), await stored([mail])]).toEqual([['accepted'], []]);
  });

  it('When its handing over fails for now, then it is not tried again', async () => {
    const { mail, gate } = await underWay(() => undefined);
    server.hangUp();
    const givenBack = async () => {
      await tryNow(service, mail.emailId);
      return (await stored([mail])).length === 0 || undefined;
    };
    await waitUntil(givenBack, { what: 'the mail gone', timeoutMs: 30_000 });
    gate.resolve();
    expect(server.seen).toHaveLength(1);
    expect(await outcomesOf([mail])).toEqual(['cancelled']);
  });

  it('When other mails are named, or other contacts, then nothing is called back', async () => {
    const tenantId = await aClient();
    const [link, optIn] = [await aRemovalLink({ tenantId }), await anOptIn({ tenantId })];
    server.behaviour = { onRcpt: () => 451 };
    await service.deliver(SendEmail, [link, optIn]);
    await cancel(link, { ...optIn, contactId: randomUUID() });
    expect(await stored([link, optIn])).toHaveLength(2);
    expect(await cancel({ ...optIn, tenantId: randomUUID() })).toMatchObject({ parked: 1 });
    expect(await stored([link, optIn])).toHaveLength(2);
    server.behaviour = {};
    for (const { emailId } of [link, optIn]) {
      await tryNow(service, emailId);
      expect((await answerTo(service, emailId)).type).toBe('EmailAccepted');
    }
  });

  it('When the contact is erased, then nothing about it comes back', async () => {
    const mail = await anOptIn({ tenantId: await aClient() });
    const { tenantId, contactId } = mail;
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId }));
    expect(await cancel(mail)).toMatchObject({ parked: 0 });
    expect(await outcomesOf([mail])).toEqual([]);
  });

  it('When 300 are called back, then it takes as many statements as for one', async () => {
    const tenantId = await aClient();
    const mails = await Promise.all(many(301, () => anOptIn({ tenantId })));
    await service.deliver(SendEmail, mails);
    const waiting = await putOff(mails, 301 - FIRST_DAY);
    const one = await countStatements(service.appDb, () => cancel(waiting[0]!));
    expect(await countStatements(service.appDb, () => cancel(...waiting.slice(1)))).toBe(one);
    expect(await stored(mails)).toEqual([]);
  });
});
