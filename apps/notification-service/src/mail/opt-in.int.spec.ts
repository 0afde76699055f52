import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { simpleParser } from 'mailparser';
import { EraseContactData, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import type { SealedRecipient } from '#service';
import { anEraseCommand, many } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { dnsWith } from '../../test/dns-with.js';
import { aMail, anOptIn, answersTo, answerTo, aTenant, ownDkim, startNotification } from '../../test/make.js';

const LINK = 'https://career.example/o/Zm9vYmFy';
const DAY = 24 * 3_600;
const tenant = aTenant({ name: 'Ümlaut & Sons', languages: ['de'], privacyContact: 'privacy@umlaut.example' });
const { tenantId } = tenant;
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url);
  await service.deliver(TenantChanged, tenant);
});

beforeEach(async () => {
  server.behaviour = {};
  server.mails.length = 0;
  await service.db.query('DELETE FROM dead_letter');
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

async function sent(...asked: Parameters<typeof anOptIn>) {
  const mail = await anOptIn({ tenantId, ...asked[0] }, { linkUrl: LINK, language: 'en', ...asked[1] });
  await service.deliver(SendEmail, mail);
  const answer = await answerTo(service, mail.emailId);
  const { raw, from } = server.mails.at(-1)!;
  return { mail, answer, raw, from, parsed: await simpleParser(raw) };
}

describe('a mail that asks to opt in', () => {
  it('When it is asked for, then it says who asks, why, and what silence leads to', async () => {
    const { mail, answer, from, parsed } = await sent({}, { address: 'jo@example.com' });
    expect(answer).toMatchObject({ type: 'EmailAccepted', data: { purpose: 'opt-in' } });
    expect(server.mails[0]!.to).toEqual(['jo@example.com']);
    expect(from).toBe(`bounce+${mail.emailId}@mail.expunge.example`);
    expect(parsed.subject).toBe('Ümlaut & Sons asks for your consent to keep your contact details');
    expect(parsed.replyTo?.value[0]?.address).toBe('privacy@umlaut.example');
    expect(parsed.attachments).toEqual([]);
    for (const said of [/^Time to answer: 30 days from/m, /Ümlaut & Sons added your details/, /removed at once/]) {
      expect(parsed.text).toMatch(said);
    }
    expect(parsed.text).toContain(`\n${LINK}\n`);
    expect(parsed.html).toContain(`href="${LINK}"`);
  });

  it('When it arrives, then one click unsubscribes, and DKIM covers both headers of it', async () => {
    const { raw } = await sent();
    const [head] = raw.toString('latin1').split('\r\n\r\n');
    expect(head).toContain(`\r\nList-Unsubscribe: <${LINK}>\r\n`);
    expect(head).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n');
    const { results } = await dkimVerify(raw, { resolver: dnsWith([ownDkim()]) });
    expect(results.map(({ status }) => status.result)).toEqual(['pass']);
    const { keys } = (results[0] as unknown as { signingHeaders: { keys: string } }).signingHeaders;
    const signed = keys.toLowerCase().split(/[\s:]+/);
    expect(signed).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post']));
  });

  it('When the link is long, then its header stays in one piece', async () => {
    const linkUrl = `${LINK}/${'a-very-long-token_'.repeat(30)}?x=1`;
    const { parsed } = await sent({}, { linkUrl });
    expect((parsed.headers.get('list') as { unsubscribe: { url: string } }).unsubscribe.url).toBe(linkUrl);
  });

  it('When it is a reminder, then it says so', async () => {
    const { parsed } = await sent({ purpose: 'opt-in-reminder', graceSeconds: DAY });
    expect(parsed.subject).toMatch(/^Reminder: /);
    expect(parsed.text).toContain('We have asked you before');
    expect(parsed.text).toContain('Time to answer: 1 day from');
  });

  it('When nobody is removed afterwards, then it promises no removal', async () => {
    const { parsed } = await sent({ graceSeconds: 0 });
    expect(parsed.text).toContain('If you do not answer, nothing is removed');
    expect(parsed.text).not.toMatch(/Time to answer|removed for good/);
  });

  it('When the person reads Arabic, then it is written so, from right to left', async () => {
    const { parsed } = await sent({}, { language: 'ar-EG' });
    expect(parsed.html).toContain('<html lang="ar" dir="rtl">');
    expect(parsed.text).toContain('مهلة الرد: 30 يومًا');
  });

  it('When nothing is known of the company yet, then the mail waits until it is', async () => {
    const unknown = aTenant();
    const mail = await anOptIn({ tenantId: unknown.tenantId });
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.code === 'unknown-tenant');
    await service.deliver(TenantChanged, unknown);
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
  });

  it('When it has waited too long for a server that refuses it, then it is given up', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await anOptIn({ tenantId });
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.permanent === false);
    await service.db.query(`UPDATE mail SET queued_at = now() - interval '97 hours', due_at = now()`);
    expect((await answerTo(service, mail.emailId)).data).toMatchObject({ permanent: true, code: 'expired' });
  });
});

describe('a backlog', () => {
  it('When many mails ask to opt in, then a confirmation is taken and goes out before all that wait', async () => {
    const slow = await startNotification(server.url, { SMTP_CONNECTIONS: '1' });
    const gate = Promise.withResolvers<void>();
    try {
      await slow.deliver(TenantChanged, tenant);
      const before = server.seen.length;
      server.behaviour = { onMail: () => gate.promise };
      await slow.deliver(SendEmail, await Promise.all(many(100, () => anOptIn({ tenantId }))));
      const first = () => (server.seen.length > before ? true : undefined);
      await waitUntil(first, { what: 'the first mail under way', timeoutMs: 20_000 });
      const confirmation = await aMail({ tenantId });
      await slow.deliver(SendEmail, confirmation);
      const taken = async () => {
        const sql = 'SELECT FROM mail WHERE email_id = $1 AND lease_id IS NOT NULL';
        return (await slow.db.query(sql, [confirmation.emailId])).length > 0 ? true : undefined;
      };
      await waitUntil(taken, { what: 'the confirmation taken', timeoutMs: 20_000 });
      gate.resolve();
      await answerTo(slow, confirmation.emailId);
      expect(server.mails.findIndex(({ from }) => from.includes(confirmation.emailId))).toBe(1);
    } finally {
      gate.resolve();
      await slow.stop();
    }
  });
});

describe('what is not sent', () => {
  it.each<[string, Partial<SealedRecipient>]>([
    ['names no mail', { emailId: undefined, expungeId: '5f0f8a52-14cb-4a8e-b7f3-5c2e81d6f094' }],
    ['names another mail', { emailId: '5f0f8a52-14cb-4a8e-b7f3-5c2e81d6f094' }],
    ['holds no link', { linkUrl: undefined }],
    ['holds a link that is no web page', { linkUrl: 'javascript:alert(1)' }],
    ['is for the reminder', { purpose: 'opt-in-reminder' }],
  ])('When the seal %s, then the mail is parked', async (_what, to) => {
    const { expungeId } = to;
    expect(await service.deliver(SendEmail, await anOptIn({ tenantId, expungeId }, to))).toMatchObject({ parked: 1 });
    expect(server.mails).toHaveLength(0);
  });

  it('When it brings an attachment, or promises nothing, then the mail is parked', async () => {
    const { attachments } = await aMail();
    for (const wrong of [{ attachments }, { graceSeconds: undefined }]) {
      expect(await service.deliver(SendEmail, await anOptIn({ tenantId, ...wrong }))).toMatchObject({ parked: 1 });
    }
  });

  it('When the contact has been erased, then the mail is refused and not sent', async () => {
    const mail = await anOptIn({ tenantId });
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId: mail.contactId }));
    await service.deliver(SendEmail, mail);
    expect((await answersTo(service, mail.emailId)).map(({ data }) => data.code)).toEqual(['contact-expunged']);
    expect(server.mails).toHaveLength(0);
  });
});
