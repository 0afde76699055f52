import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Data, EmailAccepted, EmailBounced, EmailRejected, RequestOptIn } from '#contracts';
import { countStatements } from '../../../../test/support/statements.js';
import { anAsk, mailOf, manyContacts } from '../../test/opt-in.js';
import { aContact, aTenant, type ContactService, startContactService } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

/** A mail that was asked for an hour ago, and what may be said of it. */
async function aMail() {
  const tenant = await aTenant(service);
  const ask = anAsk({ tenantId: tenant.tenantId, contactId: await aContact(service, tenant) });
  await service.deliver(RequestOptIn, ask);
  const askedAt = new Date(Date.now() - 3_600_000);
  await service.db.query('UPDATE opt_in_ask SET asked_at = $2 WHERE email_id = $1', [ask.emailId, askedAt]);
  const minute = (n: number): string => new Date(askedAt.getTime() + n * 60_000).toISOString();
  const mail = mailOf(ask);
  return {
    ask,
    askedAt,
    minute,
    accepted: (at: string) => service.deliver(EmailAccepted, { ...mail, at }),
    rejected: (permanent: boolean, at: string) =>
      service.deliver(EmailRejected, { ...mail, permanent, code: 'smtp-550', at }),
    bounced: (kind: Data<EmailBounced>['kind'], at: string, code = `dsn-${kind}`) =>
      service.deliver(EmailBounced, { ...mail, kind, code, at }),
    row: async () => {
      const [row] = await service.db.query(
        `SELECT accepted_at AS accepted, rejected_at AS rejected, bounced_at AS bounced, bounce_kind AS kind, code,
           complained_at AS complained FROM opt_in_ask WHERE email_id = $1`,
        [ask.emailId],
      );
      return row as Record<'accepted' | 'rejected' | 'bounced' | 'complained', Date | null> & {
        kind: string;
        code: string;
      };
    },
  };
}

describe('acceptance', () => {
  test('When a mail is accepted, then its time is noted, and a repeat with another time changes nothing', async () => {
    const mail = await aMail();
    await mail.accepted(mail.minute(5));
    await mail.accepted(mail.minute(2));
    await mail.accepted(mail.minute(9));
    expect((await mail.row()).accepted).toEqual(new Date(mail.minute(5)));
  });

  test('When the time is still to come, then it is now: a clock that is wrong starts no period in the future', async () => {
    const mail = await aMail();
    await mail.accepted(new Date(Date.now() + 3_600_000).toISOString());
    const { accepted } = await mail.row();
    const [{ now }] = await service.db.query('SELECT clock_timestamp() AS now');
    expect(accepted!.getTime()).toBeLessThanOrEqual(now.getTime());
    expect(accepted!.getTime()).toBeGreaterThan(now.getTime() - 60_000);
  });

  test('When the time is before the mail was asked for, then it is that: no clock shortens the grace period', async () => {
    const mail = await aMail();
    await mail.accepted(mail.minute(-60));
    expect((await mail.row()).accepted).toEqual(mail.askedAt);
  });
});

describe('what comes back', () => {
  test('When a mail is refused for now, then nothing is noted; when for good, then that', async () => {
    const mail = await aMail();
    await mail.rejected(false, mail.minute(1));
    expect(await mail.row()).toMatchObject({ rejected: null, code: null });
    await mail.rejected(true, mail.minute(2));
    await mail.rejected(true, mail.minute(3));
    expect(await mail.row()).toMatchObject({ rejected: new Date(mail.minute(2)), code: 'smtp-550' });
  });

  test('When it comes back before its acceptance is heard of, then both are noted', async () => {
    const mail = await aMail();
    await mail.bounced('hard', mail.minute(3));
    await mail.accepted(mail.minute(1));
    const [accepted, bounced] = [new Date(mail.minute(1)), new Date(mail.minute(3))];
    expect(await mail.row()).toMatchObject({ accepted, bounced, kind: 'hard', code: 'dsn-hard' });
  });

  test.each([
    ['soft', 'hard'],
    ['hard', 'soft'],
  ] as const)('When it comes back %s and then %s, then the hard bounce stays', async (first, second) => {
    const mail = await aMail();
    await mail.bounced(first, mail.minute(1));
    await mail.bounced(second, mail.minute(2));
    await mail.bounced(second, mail.minute(3));
    const bounced = new Date(mail.minute(first === 'hard' ? 1 : 2));
    expect(await mail.row()).toMatchObject({ bounced, kind: 'hard', code: 'dsn-hard' });
  });

  test.each([
    ['soft', 'complaint'],
    ['complaint', 'soft'],
  ] as const)('When %s and %s meet, then each is noted beside the other', async (first, second) => {
    const mail = await aMail();
    await mail.bounced(first, mail.minute(1));
    await mail.bounced(second, mail.minute(2));
    const row = await mail.row();
    expect(row).toMatchObject({ kind: 'soft', code: 'dsn-soft' });
    expect([row.bounced, row.complained]).not.toContain(null);
  });

  test('When all of it comes in one batch, in any order, then it ends the same', async () => {
    const mail = await aMail();
    const about = { ...mailOf(mail.ask), code: 'dsn' };
    const events: Data<EmailBounced>[] = [
      { ...about, kind: 'soft', at: mail.minute(1) },
      { ...about, kind: 'hard', at: mail.minute(2) },
      { ...about, kind: 'complaint', at: mail.minute(3) },
      { ...about, kind: 'hard', at: mail.minute(4) },
    ];
    await service.deliver(EmailBounced, events);
    expect(await mail.row()).toMatchObject({
      kind: 'hard',
      bounced: new Date(mail.minute(2)),
      complained: new Date(mail.minute(3)),
    });
  });
});

describe('whose mail it is', () => {
  test('When a message names another contact, company or purpose, then it changes nothing', async () => {
    const mail = await aMail();
    const before = await mail.row();
    const said = { ...mailOf(mail.ask), at: mail.minute(1) };
    const { tenantId } = await aTenant(service);
    await service.deliver(EmailAccepted, [
      { ...said, contactId: randomUUID() },
      { ...said, tenantId },
      { ...said, purpose: 'removal-link' },
      { ...said, emailId: randomUUID() },
    ]);
    expect(await mail.row()).toEqual(before);
  });

  test('When a bounce comes while somebody judges the contact, then it waits for the contact’s lock', async () => {
    const mail = await aMail();
    const { contactId } = mail.ask;
    const held = { sql: 'SELECT FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
    let noted = false;
    await service.whileHeld(
      held,
      () => mail.bounced('hard', mail.minute(1)).then(() => (noted = true)),
      () => Promise.resolve(expect(noted).toBe(false)),
    );
    expect(await mail.row()).toMatchObject({ kind: 'hard' });
  });

  test('When 300 mails meet their fate in a batch, then it takes as many statements as for one', async () => {
    const tenant = await aTenant(service);
    const ids = await manyContacts(service, tenant, 301);
    const asks = ids.map((contactId) => anAsk({ tenantId: tenant.tenantId, contactId }));
    await service.deliver(RequestOptIn, asks);
    const at = new Date().toISOString();
    const [first, ...others] = asks.map((ask) => ({
      ...mailOf(ask),
      at,
      kind: 'hard' as const,
      code: 'dsn',
      permanent: true,
    }));
    for (const type of [EmailAccepted, EmailRejected, EmailBounced] as const) {
      const deliver = (mails: (typeof others)[number][]) =>
        countStatements(service.appDb, () =>
          service.deliver<EmailAccepted | EmailRejected | EmailBounced>(type, mails),
        );
      expect(await deliver(others)).toBe(await deliver([first!]));
    }
    const [{ done }] = await service.db.query(
      `SELECT count(*)::int AS done FROM opt_in_ask
       WHERE tenant_id = $1 AND accepted_at IS NOT NULL AND rejected_at IS NOT NULL AND bounce_kind = 'hard'`,
      [tenant.tenantId],
    );
    expect(done).toBe(301);
  });
});
