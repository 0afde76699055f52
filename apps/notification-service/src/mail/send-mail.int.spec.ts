import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { simpleParser } from 'mailparser';
import { DataSource } from 'typeorm';
import { SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import type { TestService } from '../../../../test/support/test-service.js';
import { many } from '../../../../test/support/make.js';
import { MailServer, type ReceivedMail } from '../../test/mail-server.js';
import { dnsWith } from '../../test/dns-with.js';
import {
  allAnswered,
  aMail,
  answersTo,
  answerTo,
  aTenant,
  MAIL_DOMAIN,
  ownDkim,
  startNotification,
} from '../../test/make.js';
import { DeliverMails } from './deliver-mails.js';

let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url);
});

beforeEach(async () => {
  server.behaviour = {};
  server.mails.length = 0;
  server.seen.length = 0;
  await service.db.query('DELETE FROM outbox');
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

const messageIds = (mails: readonly ReceivedMail[]) =>
  Promise.all(mails.map(async ({ raw }) => (await simpleParser(raw)).messageId));

describe('a confirmation', () => {
  it('When the server accepts, then the mail is signed, complete and answered as accepted', async () => {
    const mail = await aMail({}, { address: 'Jo.Doe@example.com', name: 'Jo, "The" Döe' });
    await service.deliver(SendEmail, mail);
    const answer = await answerTo(service, mail.emailId);

    expect(answer.type).toBe('EmailAccepted');
    expect(answer.data).toMatchObject({ purpose: 'expunge-confirmation', expungeId: mail.expungeId });
    const [received] = server.mails;
    expect(received).toMatchObject({ from: `bounce+${mail.emailId}@${MAIL_DOMAIN}`, to: ['Jo.Doe@example.com'] });
    const parsed = await simpleParser(received!.raw);
    expect(parsed.to).toMatchObject({ value: [{ address: 'Jo.Doe@example.com', name: 'Jo, "The" Döe' }] });
    expect(parsed.from?.value[0]).toEqual({
      address: `noreply@${MAIL_DOMAIN}`,
      name: 'Ümlaut & Sons via Contact Expunge',
    });
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(parsed.attachments[0]).toMatchObject({ filename: 'certificate.jws' });
    expect(parsed.attachments[0]!.content.toString()).toBe(mail.attachments[0]!.content);
    const { results } = await dkimVerify(received!.raw, { resolver: dnsWith([ownDkim()]) });
    expect(results.map(({ status }) => status.result)).toEqual(['pass']);
  });

  it('When it is in German, then all its words are; the tenant languages decide where there are no words', async () => {
    const [german, french] = [await aMail({}, { language: 'de-AT' }), await aMail({}, { language: 'fr' })];
    const { tenantId } = french;
    await service.deliver(TenantChanged, aTenant({ tenantId, languages: ['fr-CH', 'de-CH', 'en'] }));
    await service.deliver(SendEmail, [german, french]);
    await Promise.all([german, french].map(({ emailId }) => answerTo(service, emailId)));

    const parsed = await Promise.all(server.mails.map(({ raw }) => simpleParser(raw)));
    for (const { subject, text, html } of parsed) {
      expect(subject).toBe('Ihr Kontakteintrag bei Ümlaut & Sons wurde endgültig gelöscht');
      expect(text).toContain('3 Datensätze gelöscht');
      expect(html).toContain('Ümlaut &amp; Sons');
    }
    expect(parsed.map(({ from }) => from?.value[0]?.name)).toContain('Neue Firma via Contact Expunge');
  });
});

describe('a server that does not accept', () => {
  it('When it puts the mail off, then that is told once and the mail goes through later', async () => {
    let refusals = 2;
    server.behaviour = { onRcpt: () => (refusals-- > 0 ? 451 : undefined) };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId);

    const answers = await answersTo(service, mail.emailId);
    expect(answers.map(({ type, data }) => [type, data.permanent, data.code])).toEqual([
      ['EmailRejected', false, 'smtp-451'],
      ['EmailAccepted', undefined, undefined],
    ]);
    expect(server.mails).toHaveLength(1);
  });

  it('When it refuses for good, then that is final and nothing of its words is kept', async () => {
    server.behaviour = { onMail: () => 554 };
    const mail = await aMail({}, { address: 'gone@example.com' });
    await service.deliver(SendEmail, mail);
    const answer = await answerTo(service, mail.emailId);

    expect(answer.data).toMatchObject({ permanent: true, code: 'smtp-554' });
    expect(await everyValue()).not.toMatch(/gone@example|refused/);
    expect(server.seen).toHaveLength(1);
  });

  it('When it is away, then mails wait, health says so, and all go out once it is back', async () => {
    await server.close();
    const mails = await Promise.all(many(30, () => aMail()));
    await service.deliver(SendEmail, mails);
    const problems = await waitUntil(async () => (await health()).problems[0], {
      what: 'a problem',
      timeoutMs: 20_000,
    });
    expect(problems).toContain('smtp');
    expect(await service.outbox()).toEqual([]);

    await server.open();
    await allAnswered(service, 30);
    expect(new Set(await messageIds(server.mails)).size).toBe(30);
    expect(server.mails).toHaveLength(30);
    expect(await health()).toEqual({ status: 'sending', problems: [] });
  });

  it('When it hangs after the mail, then the attempt ends by itself and the same mail is repeated', async () => {
    server.behaviour = { onMail: () => (server.seen.length === 1 ? 'hang' : undefined) };
    const impatient = await startNotification(server.url, { SMTP_TIMEOUT_SECONDS: '1' });
    await repeatsTheSameMail(impatient);
    await impatient.stop();
  });

  it('When it is slow for one mail, then the others do not wait for it', async () => {
    const gate = Promise.withResolvers<void>();
    const patient = await startNotification(server.url);
    server.behaviour = { onMail: ({ to }) => (to[0] === 'slow@example.com' ? gate.promise : undefined) };
    const slow = await aMail({}, { address: 'slow@example.com' });
    const others = await Promise.all(many(120, () => aMail()));
    await patient.deliver(SendEmail, [slow, ...others]);
    await allAnswered(patient, 120);
    expect(await answersTo(patient, slow.emailId)).toEqual([]);

    gate.resolve();
    await answerTo(patient, slow.emailId);
    await patient.stop();
  });

  it('When it drops the connection after the mail, then the very same mail is repeated', async () => {
    server.behaviour = { onMail: () => (server.seen.length === 1 ? 'drop' : undefined) };
    await repeatsTheSameMail(service);
  });

  async function repeatsTheSameMail(sender: TestService): Promise<void> {
    const mail = await aMail();
    await sender.deliver(SendEmail, mail);
    expect((await answerTo(sender, mail.emailId)).type).toBe('EmailAccepted');
    expect(server.seen).toHaveLength(2);
    expect(server.seen[1]!.raw.equals(server.seen[0]!.raw)).toBe(true);
    expect(await messageIds(server.seen)).toEqual(many(2, () => `<${mail.emailId}@${MAIL_DOMAIN}>`));
  }
});

describe('what is kept', () => {
  it('When the outcome is known, then no address, name, salt or sealed text is anywhere in the database', async () => {
    const mail = await aMail(
      {},
      { address: 'left.over@example.com', name: 'Leftover Person', salt: 'c2FsdHktbGVmdG92ZXI' },
    );
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId);

    const kept = await everyValue();
    expect(kept).toContain(mail.emailId);
    for (const trace of ['left.over', 'Leftover', 'c2FsdHktbGVmdG92ZXI', mail.sealed, mail.attachments[0]!.content]) {
      expect(kept).not.toContain(trace);
    }
  });

  it('When a mail that was sent is asked for again, then nothing is sent', async () => {
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId);
    const other = await aMail();
    await service.deliver(SendEmail, [mail, other]);
    await answerTo(service, other.emailId);

    expect(server.mails).toHaveLength(2);
    const [first, again] = await answersTo(service, mail.emailId);
    expect(again).toEqual(first);
  });
});

describe('many mails', () => {
  it('When hundreds come at once, then each is sent once', async () => {
    const mails = await Promise.all(many(300, () => aMail()));
    await service.deliver(SendEmail, mails);
    await allAnswered(service, 300);

    expect(server.seen).toHaveLength(300);
    expect(new Set(await messageIds(server.mails))).toEqual(
      new Set(mails.map((mail) => `<${mail.emailId}@${MAIL_DOMAIN}>`)),
    );
  });
});

describe('a stop', () => {
  it('When the service stops while a mail is handed over, then the outcome is stored before it ends', async () => {
    const gate = Promise.withResolvers<void>();
    server.behaviour = { onMail: () => gate.promise };
    const stopping = await startNotification(server.url);
    const mail = await aMail();
    await stopping.deliver(SendEmail, mail);
    await waitUntil(() => server.seen[0], { what: 'the mail under way', timeoutMs: 20_000 });
    const stopped = stopping.stop();
    const noMore = () => (stopping.app.get(DeliverMails).room(100, 'urgent') === 0 ? true : undefined);
    await waitUntil(noMore, { what: 'the stop has reached the sender', timeoutMs: 20_000 });
    gate.resolve();
    await stopped;

    const db = await new DataSource({ type: 'postgres', url: stopping.ownerUrl }).initialize();
    expect(await db.query('SELECT type FROM outbox')).toEqual([{ type: 'EmailAccepted' }]);
    await db.destroy();
  });

  it('When a sender died after taking a mail, then the mail is sent once its lease has ended', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.permanent === false);
    await service.db.query(
      `UPDATE mail SET lease_id = gen_random_uuid(), lease_until = now() + interval '1 second', due_at = now()`,
    );
    server.behaviour = {};
    await answerTo(service, mail.emailId);
    expect(server.mails).toHaveLength(1);
  });
});

async function health(): Promise<{ status: string; problems: string[] }> {
  const response = await fetch(`${service.url}/health/mail`);
  return (await response.json()) as { status: string; problems: string[] };
}

/** Every column of every table as text. */
async function everyValue(): Promise<string> {
  const tables: { name: string }[] = await service.db.query(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const texts = await Promise.all(tables.map(({ name }) => service.db.query(`SELECT t::text AS row FROM ${name} t`)));
  return JSON.stringify(texts);
}
