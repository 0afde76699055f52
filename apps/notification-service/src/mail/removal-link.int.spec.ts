import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { EraseContactData, SendEmail, TenantChanged } from '#contracts';
import type { SealedRecipient } from '#service';
import { anEraseCommand } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import {
  aMail,
  answersTo,
  answerTo,
  aRemovalLink,
  aTenant,
  RETRIES_LATE,
  startNotification,
  tryNow,
} from '../../test/make.js';

const LINK = 'https://career.example/r/Zm9vYmFy';
const tenant = aTenant({ name: 'Ümlaut & Sons', languages: ['de'], privacyContact: 'privacy@umlaut.example' });
const { tenantId } = tenant;
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, RETRIES_LATE);
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

describe('a link to confirm a removal', () => {
  it('When it is asked for, then the holder of the address is sent it, in the name of the company', async () => {
    const mail = await aRemovalLink({ tenantId }, { linkUrl: LINK, address: 'jo@example.com', language: 'en' });
    await service.deliver(SendEmail, mail);
    const answer = await answerTo(service, mail.emailId);

    expect(answer).toMatchObject({ type: 'EmailAccepted', data: { purpose: 'removal-link' } });
    expect(server.mails[0]!.to).toEqual(['jo@example.com']);
    const { from, replyTo, subject, text, html, attachments } = await simpleParser(server.mails[0]!.raw);
    expect(from?.value[0]?.name).toBe('Ümlaut & Sons via Contact Expunge');
    expect(replyTo?.value[0]?.address).toBe('privacy@umlaut.example');
    expect(subject).toContain('Ümlaut & Sons');
    expect(text).toContain(`\n${LINK}\n`);
    expect(html).toContain(`href="${LINK}"`);
    expect(attachments).toEqual([]);
  });

  it.each<[string, Partial<SealedRecipient>]>([
    ['names no mail', { emailId: undefined, expungeId: '5f0f8a52-14cb-4a8e-b7f3-5c2e81d6f094' }],
    ['names another mail', { emailId: '5f0f8a52-14cb-4a8e-b7f3-5c2e81d6f094' }],
    ['holds no link', { linkUrl: undefined }],
    ['holds a link that is no web page', { linkUrl: 'javascript:alert(1)' }],
    ['is for another purpose', { purpose: 'expunge-confirmation' }],
  ])('When the seal %s, then the mail is parked', async (_what, to) => {
    const { expungeId } = to;
    expect(await service.deliver(SendEmail, await aRemovalLink({ tenantId, expungeId }, to))).toMatchObject({
      parked: 1,
    });
    expect(server.mails).toHaveLength(0);
  });

  it('When it brings an attachment, then the mail is parked', async () => {
    const { attachments } = await aMail();
    expect(await service.deliver(SendEmail, await aRemovalLink({ tenantId, attachments }))).toMatchObject({
      parked: 1,
    });
  });

  it('When nothing is known of the company yet, then the mail waits until it is', async () => {
    const unknown = aTenant();
    const mail = await aRemovalLink({ tenantId: unknown.tenantId });
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.code === 'unknown-tenant');
    await service.deliver(TenantChanged, unknown);
    await tryNow(service, mail.emailId);
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
  });

  it('When the link has run out before the mail could be handed over, then the mail is given up', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const [link, confirmation] = [await aRemovalLink({ tenantId }), await aMail({ tenantId })];
    await service.deliver(SendEmail, [link, confirmation]);
    for (const { emailId } of [link, confirmation]) {
      await answerTo(service, emailId, ({ data }) => data.permanent === false);
    }
    await service.db.query(`UPDATE mail SET queued_at = now() - interval '25 hours'`);
    await tryNow(service, link.emailId);
    expect((await answerTo(service, link.emailId)).data).toMatchObject({ permanent: true, code: 'expired' });
    server.behaviour = {};
    await tryNow(service, confirmation.emailId);
    expect((await answerTo(service, confirmation.emailId)).type).toBe('EmailAccepted');
  });
});

describe('a link to a contact that is erased', () => {
  it('When the mail waits, then it goes with the rest and is counted', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await aRemovalLink({ tenantId });
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.permanent === false);
    const { contactId } = mail;
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId }));

    const answer = (await service.outbox()).find(({ key, type }) => key === contactId && type === 'ContactDataErased');
    expect(answer?.data.stores).toContainEqual({ store: 'mails', erased: 1, remaining: 0 });
    expect(await service.db.query('SELECT FROM mail WHERE contact_id = $1', [contactId])).toEqual([]);
  });

  it('When the mail arrives afterwards, then it is refused and not sent', async () => {
    const mail = await aRemovalLink({ tenantId });
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId: mail.contactId }));
    await service.deliver(SendEmail, mail);
    expect((await answersTo(service, mail.emailId)).map(({ data }) => data.code)).toEqual(['contact-expunged']);
    expect(server.mails).toHaveLength(0);
  });
});
