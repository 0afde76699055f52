import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createTransport } from 'nodemailer';
import { DataSource } from 'typeorm';
import { CancelEmails, EraseContactData, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { Readiness } from '#service';
import { anAuthority, signedBy } from '../../../../test/support/certificates.js';
import { anEraseCommand, many } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import {
  aFile,
  aMail,
  anOptIn,
  answersTo,
  answerTo,
  aTenant,
  dkimFile,
  MAIL_DOMAIN,
  ownDkim,
  startNotification,
} from '../../test/make.js';
import {
  complaint,
  exchange,
  EXIM,
  EXIM_RENAMED,
  failed,
  outOfOffice,
  PASSED_ON,
  PLAIN,
  postfix,
  READ_RECEIPT,
} from '../../test/reports.js';
import { report, SmtpTalk } from '../../test/smtp-talk.js';
import { ListenForBounces } from './listen-for-bounces.js';

const GONE_DOMAIN = 'mail.acme.example';
const dkimPath = aFile(dkimFile(ownDkim(), { ...ownDkim(), domain: GONE_DOMAIN }));
const tenant = aTenant();
const { tenantId } = tenant;
let server: MailServer;
let service: TestService;
let port: number;
let log = '';

const listeningOn = (started: TestService): Promise<number> =>
  waitUntil(() => started.app.get(ListenForBounces).port, { what: 'the port for reports', timeoutMs: 30_000 });

beforeAll(async () => {
  server = await MailServer.start();
  const env = { BOUNCE_SMTP_PORT: '0', BOUNCE_SMTP_HOST: '127.0.0.1', LOG_LEVEL: 'info', DKIM_KEYS_FILE: dkimPath };
  service = await startNotification(server.url, env, { write: (line) => (log += line) });
  await service.deliver(TenantChanged, tenant);
  port = await listeningOn(service);
});

beforeEach(() => {
  server.behaviour = {};
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

async function anAcceptedMail() {
  const mail = await anOptIn({ tenantId });
  await service.deliver(SendEmail, mail);
  await answerTo(service, mail.emailId);
  return { ...mail, to: `bounce+${mail.emailId}@${MAIL_DOMAIN}` };
}

const bounced = async (emailId: string) =>
  (await answersTo(service, emailId))
    .filter(({ type }) => type === 'EmailBounced')
    .map(({ data }) => [data.kind, data.code]);

describe('what came to the return path of a mail', () => {
  const delayed = { action: 'delayed', status: '4.4.1' };
  const delivered = { action: 'delivered', status: '2.0.0' };
  it.each<[string, [string, string], string]>([
    ['a failure for good, from Postfix', ['hard', 'dsn-5-1-1'], failed()],
    ['a failure for good, from Exchange', ['hard', 'dsn-5-1-10'], exchange('5.1.10')],
    ['a failure for now', ['soft', 'dsn-4-4-7'], failed('4.4.7')],
    ['words only', ['soft', 'unrecognised'], PLAIN],
    ['a failure without a status', ['soft', 'unrecognised'], failed('unknown')],
    ['a failure with a status of success', ['soft', 'unrecognised'], failed('2.0.0')],
    ['an action nobody knows', ['soft', 'unrecognised'], postfix([{ action: 'exploded', status: '5.1.1' }])],
    [
      'one of several failed for good',
      ['hard', 'dsn-5-2-1'],
      postfix([delivered, { action: 'failed', status: '4.2.2' }, { action: 'failed', status: '5.2.1' }]),
    ],
    ['a complaint', ['complaint', 'complaint'], complaint('abuse')],
    ['words only, marked as automatic', ['soft', 'unrecognised'], EXIM],
    ['words only, marked as automatic, with who has not got it', ['soft', 'unrecognised'], EXIM_RENAMED],
    [
      'a report whose parts cannot be told apart',
      ['soft', 'unrecognised'],
      outOfOffice('auto-replied', 'From: jo@example.com\nContent-Type: multipart/report; boundary="\n'),
    ],
    ['an automatic answer to nothing', ['soft', 'unrecognised'], outOfOffice().replace(/In-Reply-To.*\n/, '')],
    ['an answer by a person', ['soft', 'unrecognised'], outOfOffice('no')],
    ['somebody else’s report, passed on', ['soft', 'unrecognised'], PASSED_ON],
    ['broken MIME', ['soft', 'unrecognised'], failed().replace('boundary="=_b"', 'boundary="')],
    ['nothing at all', ['soft', 'unrecognised'], ''],
    [
      'parts without end',
      ['soft', 'unrecognised'],
      `Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\n'.repeat(5_000)}`,
    ],
  ])('When it is %s, then it counts as %j', async (_what, [kind, code], raw) => {
    const { emailId, contactId, to } = await anAcceptedMail();
    expect(await report(port, to, raw)).toMatch(/^250/);
    expect(await bounced(emailId)).toEqual([[kind, code]]);
    const answer = (await answersTo(service, emailId)).at(-1)!;
    expect(answer).toMatchObject({ key: contactId, data: { tenantId, contactId, purpose: 'opt-in' } });
    expect(JSON.stringify(answer)).not.toMatch(/example\.com|unknown in|mailbox/);
  });

  it.each([
    ['is late only', postfix([delayed])],
    ['has arrived', postfix([delivered, { action: 'relayed', status: '2.0.0' }])],
    ['was expanded', postfix([{ action: 'expanded', status: '2.0.0' }])],
    ['is no spam after all', complaint('not-spam')],
    ['was read', READ_RECEIPT],
    ['has met a holiday', outOfOffice()],
    ['has met a holiday, by Exchange', outOfOffice('auto-generated')],
    ['has met a holiday, with parameters', outOfOffice('Auto-Replied; owner-email="jo@example.com"')],
  ])('When it says that the mail %s, then nothing follows', async (_what, raw) => {
    const { emailId, to } = await anAcceptedMail();
    expect(await report(port, to, raw)).toMatch(/^250/);
    expect(await bounced(emailId)).toEqual([]);
  });

  it('When it comes again, then it is told once; another kind is told as well', async () => {
    const { emailId, to } = await anAcceptedMail();
    for (const raw of [failed(), failed('5.2.2'), complaint('abuse'), failed()]) await report(port, to, raw);
    expect(await bounced(emailId)).toEqual([
      ['hard', 'dsn-5-1-1'],
      ['complaint', 'complaint'],
    ]);
  });

  it('When many come at once for one mail, then it is told once', async () => {
    const { emailId, to } = await anAcceptedMail();
    const replies = await Promise.all(many(10, () => report(port, to.toUpperCase(), failed())));
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(many(10, () => '250'));
    expect(await bounced(emailId)).toEqual([['hard', 'dsn-5-1-1']]);
  });

  it('When the mail is not known, then it is taken, told to nobody and counted in the log', async () => {
    log = '';
    expect(await report(port, `bounce+${randomUUID()}@${MAIL_DOMAIN}`, failed())).toMatch(/^250/);
    expect(log).toContain('"outcome":"unknown"');
    expect(
      await service.db.query('SELECT FROM mail_bounce WHERE email_id NOT IN (SELECT email_id FROM mail_outcome)'),
    ).toEqual([]);
  });

  it('When it is an automatic answer, then that is counted in the log', async () => {
    log = '';
    const { to } = await anAcceptedMail();
    await report(port, to, outOfOffice());
    expect(log).toContain('"outcome":"ignored","reason":"automatic-answer"');
    expect(log).not.toMatch(/Jo Example|jo@example/);
  });

  it('When it names an address, then neither log nor table has it', async () => {
    const { to } = await anAcceptedMail();
    await report(port, to, failed());
    const rows = await service.db.query('SELECT mail_bounce::text AS row FROM mail_bounce');
    expect(log + JSON.stringify(rows)).not.toMatch(/jo0@|Secret words|User unknown/);
  });
});

describe('a report that is faster than the acceptance', () => {
  it('When the mail is still being handed over, then the bounce is told, after the acceptance', async () => {
    const gate = Promise.withResolvers<void>();
    server.behaviour = { onMail: () => gate.promise };
    const mail = await anOptIn({ tenantId });
    await service.deliver(SendEmail, mail);
    await waitUntil(() => server.seen.find(({ from }) => from.includes(mail.emailId)), {
      what: 'the mail under way',
      timeoutMs: 20_000,
    });
    expect(await report(port, `bounce+${mail.emailId}@${MAIL_DOMAIN}`, failed())).toMatch(/^250/);
    expect(await answersTo(service, mail.emailId)).toEqual([]);
    gate.resolve();
    await answerTo(service, mail.emailId);
    const answers = await answersTo(service, mail.emailId);
    expect(answers.map(({ type }) => type)).toEqual(['EmailAccepted', 'EmailBounced']);
    expect(await report(port, `bounce+${mail.emailId}@${MAIL_DOMAIN}`, failed())).toMatch(/^250/);
    expect(await answersTo(service, mail.emailId)).toHaveLength(2);
  });
});

describe('a bounce of a contact that is erased', () => {
  it('When the erase comes, then its bounces go too, but not that of its own confirmation', async () => {
    const { emailId, contactId, to } = await anAcceptedMail();
    await report(port, to, failed());
    const command = anEraseCommand({ tenantId, contactId });
    const confirmation = await aMail({ tenantId, contactId, expungeId: command.expungeId });
    await service.deliver(EraseContactData, command);
    const evidence = (await service.outbox()).find(
      ({ key, type }) => key === contactId && type === 'ContactDataErased',
    );
    expect(evidence?.data.stores).toContainEqual({ store: 'mail_bounces', erased: 1, remaining: 0 });
    expect(await service.db.query('SELECT FROM mail_bounce WHERE email_id = $1', [emailId])).toEqual([]);
    await service.deliver(SendEmail, confirmation);
    await answerTo(service, confirmation.emailId);
    await report(port, `bounce+${confirmation.emailId}@${MAIL_DOMAIN}`, failed());
    expect(await bounced(confirmation.emailId)).toEqual([['hard', 'dsn-5-1-1']]);
    expect(await report(port, to, complaint('abuse'))).toMatch(/^250/);
    expect(await bounced(emailId)).toHaveLength(1);
  });
});

describe('a report to a domain whose key is gone', () => {
  const returnPath = (emailId: string) => `bounce+${emailId}@${GONE_DOMAIN}`;
  const formerly = aTenant({ mailDomain: GONE_DOMAIN });
  const aMailFromThere = () => anOptIn({ tenantId: formerly.tenantId });

  it('When the mail is known, then it is taken; otherwise it is refused for good', async () => {
    await service.deliver(TenantChanged, formerly);
    const [over, waits, calledBack] = [await aMailFromThere(), await aMailFromThere(), await aMailFromThere()];
    await service.deliver(SendEmail, over);
    await answerTo(service, over.emailId);
    expect(server.mails.at(-1)!.from).toBe(returnPath(over.emailId));
    server.behaviour = { onRcpt: () => 451 };
    await service.deliver(SendEmail, waits);
    const { contactId, emailId } = calledBack;
    await service.deliver(CancelEmails, { tenantId: formerly.tenantId, contactId, emailIds: [emailId] });
    writeFileSync(dkimPath, dkimFile(ownDkim()));
    const refused = async () => (await report(port, returnPath(randomUUID()), failed())).startsWith('550') || undefined;
    await waitUntil(refused, { what: 'the key to be gone', timeoutMs: 20_000 });

    expect(await report(port, returnPath(over.emailId), failed())).toMatch(/^250/);
    expect(await bounced(over.emailId)).toEqual([['hard', 'dsn-5-1-1']]);
    expect(await report(port, returnPath(waits.emailId), failed())).toMatch(/^250/);
    expect(await report(port, returnPath(calledBack.emailId), failed())).toMatch(/^550/);
    expect(await report(port, `bounce+${over.emailId}x@${GONE_DOMAIN}`, failed())).toMatch(/^550/);
  });
});

describe('the conversation', () => {
  it.each([
    ['somebody', `somebody@${MAIL_DOMAIN}`],
    ['a return path without an id', `bounce@${MAIL_DOMAIN}`],
    ['an id that is none', `bounce+00000000-0000-0000-0000-00000000000g@${MAIL_DOMAIN}`],
    ['another domain', `bounce+${randomUUID()}@example.com`],
    ['a domain below', `bounce+${randomUUID()}@sub.${MAIL_DOMAIN}`],
  ])('When it is for %s, then it is refused for good', async (_who, to) => {
    expect(await report(port, to, failed())).toMatch(/^550/);
  });

  it('When it is larger than 1 MiB, announced or not, then it is refused for good', async () => {
    const { emailId, to } = await anAcceptedMail();
    const talk = await SmtpTalk.with(port);
    expect(await talk.say('EHLO mx.example')).toMatch(/^250/);
    expect(await talk.say(`MAIL FROM:<> SIZE=2000000`)).toMatch(/^552/);
    talk.close();
    expect(
      await report(port, to, `${failed()}${'x'.repeat(70)}\n`.repeat(1) + `${'x'.repeat(70)}\n`.repeat(20_000)),
    ).toMatch(/^552/);
    expect(await bounced(emailId)).toEqual([]);
  });

  it('When lines come all at once and are taken back, then each transaction stands alone', async () => {
    const [one, two] = [await anAcceptedMail(), await anAcceptedMail()];
    const talk = await SmtpTalk.with(port);
    await talk.say('EHLO mx.example');
    const replies = await talk.sayAll([
      'MAIL FROM:<>',
      `RCPT TO:<${one.to}>`,
      'RSET',
      'MAIL FROM:<mailer-daemon@mx.example>',
      `RCPT TO:<${two.to}>`,
      `RCPT TO:<${one.to}>`,
    ]);
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '250', '250', '250', '250', '452']);
    expect(await talk.data(failed())).toMatch(/^250/);
    talk.close();
    expect([await bounced(one.emailId), await bounced(two.emailId)]).toEqual([[], [['hard', 'dsn-5-1-1']]]);
  });

  it('When the caller goes away in the middle, then nothing follows', async () => {
    const { emailId, to } = await anAcceptedMail();
    const talk = await SmtpTalk.with(port);
    await talk.sayAll(['EHLO mx.example', 'MAIL FROM:<>', `RCPT TO:<${to}>`, 'DATA']);
    talk.close();
    expect(await report(port, to, postfix([{ action: 'delayed', status: '4.4.1' }]))).toMatch(/^250/);
    expect(await bounced(emailId)).toEqual([]);
  });

  it('When it wants to log in or to encrypt without a certificate, then there is no such thing', async () => {
    const talk = await SmtpTalk.with(port);
    expect(await talk.say('EHLO mx.example')).toMatch(/^250/);
    expect(await talk.say('STARTTLS')).toMatch(/^5/);
    expect(await talk.say('AUTH PLAIN AGEAYg==')).toMatch(/^5/);
    talk.close();
  });
});

describe('a caller who tries one address after the other', () => {
  it('When they are too many, then he is told to come later', async () => {
    const talk = await SmtpTalk.with(port);
    await talk.sayAll(['EHLO mx.example', 'MAIL FROM:<>']);
    const replies = await talk.sayAll(many(2_000, () => `RCPT TO:<bounce@${MAIL_DOMAIN}>`));
    talk.close();
    expect([...new Set(replies.map((reply) => reply.slice(0, 3)))].sort()).toEqual(['451', '550']);
  });
});

describe('a certificate', () => {
  it('When there is one, then reports may come encrypted; a new one is used without a restart', async () => {
    const authority = await anAuthority();
    const first = await signedBy(authority, { name: 'mx.expunge.example' });
    const files = { cert: aFile(first.cert), key: aFile(first.key) };
    const encrypting = await startNotification(server.url, {
      BOUNCE_SMTP_PORT: '0',
      BOUNCE_SMTP_HOST: '127.0.0.1',
      BOUNCE_SMTP_TLS_CERT_FILE: files.cert,
      BOUNCE_SMTP_TLS_KEY_FILE: files.key,
    });
    const to = `bounce+${randomUUID()}@${MAIL_DOMAIN}`;
    const securePort = await listeningOn(encrypting);
    const bring = (servername: string) => {
      const tls = { ca: authority.cert, servername };
      const client = createTransport({ host: '127.0.0.1', port: securePort, requireTLS: true, tls });
      return client.sendMail({ envelope: { from: '', to }, raw: failed() });
    };
    expect((await bring('mx.expunge.example')).response).toMatch(/^250/);
    const next = await signedBy(authority, { name: 'mx2.expunge.example' });
    writeFileSync(files.key, next.key);
    writeFileSync(files.cert, next.cert);
    const renewed = () =>
      bring('mx2.expunge.example').then(
        ({ response }) => response,
        () => undefined,
      );
    expect(await waitUntil(renewed, { what: 'the new certificate', timeoutMs: 30_000 })).toMatch(/^250/);
    await encrypting.stop();
  });
});

describe('trouble on our side', () => {
  it('When it cannot be written down, then it is not acknowledged, and counts when it comes again', async () => {
    const { emailId, to } = await anAcceptedMail();
    const owner = await new DataSource({ type: 'postgres', url: service.ownerUrl }).initialize();
    await owner.query('ALTER TABLE mail_bounce RENAME TO away');
    expect(await report(port, to, failed())).toMatch(/^451/);
    await owner.query('ALTER TABLE away RENAME TO mail_bounce');
    await owner.destroy();
    expect(await report(port, to, failed())).toMatch(/^250/);
    expect(await bounced(emailId)).toEqual([['hard', 'dsn-5-1-1']]);
  });

  it('When the port is taken, then the service is not ready, and listens once it is free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const taken = (other.address() as { port: number }).port;
    const env = { BOUNCE_SMTP_PORT: String(taken), BOUNCE_SMTP_HOST: '127.0.0.1' };
    const late = await startNotification(server.url, env);
    expect(late.app.get(Readiness).problems()).toContain('bounces: not listening');
    await new Promise((resolve) => other.close(resolve));
    expect(await listeningOn(late)).toBe(taken);
    expect(late.app.get(Readiness).problems()).not.toContain('bounces: not listening');
    await late.stop();
    await expect(SmtpTalk.with(taken)).rejects.toThrow('ECONNREFUSED');
  });
});
