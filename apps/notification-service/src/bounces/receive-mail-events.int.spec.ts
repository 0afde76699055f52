import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { SendEmail, TenantChanged } from '#contracts';
import { MetricsServer } from '#service';
import { many } from '../../../../test/support/make.js';
import { scrape } from '../../../../test/support/scrape.js';
import { countStatements } from '../../../../test/support/statements.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import {
  aFile,
  allAnswered,
  anOptIn,
  answersTo,
  answerTo,
  aTenant,
  MAIL_DOMAIN,
  startNotification,
} from '../../test/make.js';

const aSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;
const secret = aSecret();
const secretPath = aFile(`${secret}\n`);
const tenant = aTenant();
const { tenantId } = tenant;
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, {
    MAIL_HOOK_SECRET_FILE: secretPath,
    OPT_IN_MAILS_FIRST_DAY: '5000',
    METRICS_PORT: '0',
  });
  await service.deliver(TenantChanged, tenant);
});

/** What is told here is more than a client's mails may be complained of. */
beforeEach(() => service.db.query('DELETE FROM send_pause'));

afterAll(async () => {
  await service.stop();
  await server.close();
});

interface Signed {
  readonly secret?: string;
  readonly at?: Date;
  readonly id?: string;
  readonly headers?: Record<string, string>;
}

/** As a mail provider calls; `signed` is what it has signed, which may be something else than what arrives. */
async function call(
  body: string,
  { secret: key = secret, at = new Date(), id = randomUUID(), headers = {} }: Signed = {},
  signed = body,
) {
  const all = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(key).sign(id, at, signed),
    ...headers,
  };
  const response = await fetch(`${service.url}/hooks/mail-events`, { method: 'POST', headers: all, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const tell = (events: readonly object[], signed?: Signed) => call(JSON.stringify({ events }), signed);

async function anAcceptedMail() {
  const mail = await anOptIn({ tenantId });
  await service.deliver(SendEmail, mail);
  await answerTo(service, mail.emailId);
  return mail;
}

const bounced = async (emailId: string) =>
  (await answersTo(service, emailId))
    .filter(({ type }) => type === 'EmailBounced')
    .map(({ data }) => [data.kind, data.code]);

describe('what a mail provider tells', () => {
  it.each<[object, [string, string][]]>([
    [{ type: 'bounced', status: '5.1.1' }, [['hard', 'dsn-5-1-1']]],
    [{ type: 'Bounced', status: '4.2.2', at: '2026-03-01T10:00:00Z' }, [['soft', 'dsn-4-2-2']]],
    [{ type: 'bounced' }, [['soft', 'provider']]],
    [{ type: 'bounced', status: '2.0.0' }, [['soft', 'unrecognised']]],
    [{ type: 'complained' }, [['complaint', 'complaint']]],
    [{ type: 'delivered' }, []],
    [{ type: 'opened' }, []],
  ])('When it is %j, then it counts as %j, once', async (event, told) => {
    const { emailId } = await anAcceptedMail();
    expect((await tell([{ emailId, ...event }])).status).toBe(200);
    expect(
      (
        await tell([
          { emailId, ...event },
          { emailId, ...event },
        ])
      ).body,
    ).toMatchObject({ added: 0 });
    expect(await bounced(emailId)).toEqual(told);
  });

  it('When a mail comes back, then it is counted once, by its kind', async () => {
    const counted = async () => {
      const { value } = await scrape(service.app.get(MetricsServer).port);
      return ['hard', 'soft'].map((kind) => value('mail_bounces_total', { purpose: 'opt-in', kind })!);
    };
    const [hard, soft] = await counted();
    const { emailId } = await anAcceptedMail();
    for (let times = 0; times < 2; times += 1) await tell([{ emailId, type: 'bounced', status: '5.1.1' }]);
    expect(await counted()).toEqual([hard! + 1, soft]);
  });

  it('When the mail is named by its Message-ID, then it is found; another domain’s is not', async () => {
    const { emailId } = await anAcceptedMail();
    const of = (domain: string) => ({ messageId: `<${emailId}@${domain}>`, type: 'complained' });
    expect((await tell([of('example.com')])).body).toEqual({ received: 1, known: 0, added: 0 });
    expect((await tell([of(MAIL_DOMAIN)])).body).toEqual({ received: 1, known: 1, added: 1 });
    expect(await bounced(emailId)).toEqual([['complaint', 'complaint']]);
  });

  it('When 1,000 events come in one call, then they cost as many statements as ten, and 1,001 are refused', async () => {
    const mails = await Promise.all(many(110, () => anOptIn({ tenantId })));
    const before = (await service.outbox()).filter(({ type }) => type === 'EmailAccepted').length;
    await service.deliver(SendEmail, mails);
    await allAnswered(service, before + 110);
    const told = (from: number, to: number, count: number) =>
      many(count, (n) => ({ emailId: mails[from + (n % (to - from))]!.emailId, type: 'bounced', status: '5.1.1' }));
    const few = await countStatements(service.appDb, () => tell(told(0, 10, 10)));
    const lots = await countStatements(service.appDb, () => tell(told(10, 110, 1_000)));
    expect(lots).toBe(few);
    expect(
      (await service.outbox()).filter(({ type, data }) => type === 'EmailBounced' && data.code === 'dsn-5-1-1').length,
    ).toBeGreaterThanOrEqual(110);
    expect(await tell(told(0, 10, 1_001))).toMatchObject({ status: 400, body: { code: 'invalid-input' } });
  });

  it('When the call is repeated as it was, then nothing is told again', async () => {
    const { emailId } = await anAcceptedMail();
    const about = { id: 'msg_1', at: new Date() };
    expect((await tell([{ emailId, type: 'complained' }], about)).body).toMatchObject({ added: 1 });
    expect((await tell([{ emailId, type: 'complained' }], about)).body).toEqual({ received: 1, known: 1, added: 0 });
  });
});

describe('a call that is not believed', () => {
  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
  it.each<[string, Signed]>([
    ['by somebody else', { secret: aSecret() }],
    ['six minutes ago', { at: minutesAgo(6) }],
    ['in six minutes', { at: minutesAgo(-6) }],
    ['with another id', { headers: { 'webhook-id': 'another' } }],
    ['with another version', { headers: { 'webhook-signature': `v1a,${randomBytes(32).toString('base64')}` } }],
    ['with nothing', { headers: { 'webhook-signature': '' } }],
    ['at no time', { headers: { 'webhook-timestamp': 'now' } }],
  ])('When it is signed %s, then it is refused and nothing follows', async (_how, signed) => {
    const { emailId } = await anAcceptedMail();
    expect(await tell([{ emailId, type: 'complained' }], signed)).toMatchObject({
      status: 401,
      body: { code: 'not-signed' },
    });
    expect(await bounced(emailId)).toEqual([]);
  });

  it('When other bytes arrive than were signed, then it is refused, even if they mean the same', async () => {
    const { emailId } = await anAcceptedMail();
    const body = JSON.stringify({ events: [{ emailId, type: 'complained' }] });
    expect((await call(`${body} `, {}, body)).status).toBe(401);
    expect((await call(`${body} `)).status).toBe(200);
  });

  it.each([
    ['no JSON', '{', 400],
    ['no list', '{"events":{}}', 400],
    ['an empty list', '{"events":[]}', 400],
    ['an id that is none', '{"events":[{"emailId":"x","type":"bounced"}]}', 400],
    ['a status that is none', '{"events":[{"type":"bounced","status":"<jo@example.com>"}]}', 400],
    ['a field that is not known', '{"events":[{"type":"bounced","to":"jo@example.com"}]}', 400],
    ['more than 256 KiB', JSON.stringify({ events: [], more: 'x'.repeat(300_000) }), 413],
  ])('When it holds %s, then it is refused, without a word of it', async (_what, body, status) => {
    const answer = await call(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toContain('example.com');
  });

  it('When it is no JSON by its type, then it is refused', async () => {
    expect((await call('{"events":[]}', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });
});

describe('the secret', () => {
  it('When it is changed, then old and new count as long as both are in the file, without a restart', async () => {
    const next = aSecret();
    const event = [{ emailId: randomUUID(), type: 'complained' }];
    const write = (content: string): void => {
      writeFileSync(`${secretPath}.new`, content);
      renameSync(`${secretPath}.new`, secretPath);
    };
    const statuses = async () => [(await tell(event)).status, (await tell(event, { secret: next })).status];
    expect(await statuses()).toEqual([200, 401]);
    write(`${next}\n${secret}\n`);
    expect(await statuses()).toEqual([200, 200]);
    write(next);
    expect(await statuses()).toEqual([401, 200]);
    write(secret);
  });

  it('When there is none, then there is no such route', async () => {
    const without = await startNotification(server.url);
    const response = await fetch(`${without.url}/hooks/mail-events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"events":[]}',
    });
    expect(response.status).toBe(404);
    await without.stop();
  });
});
