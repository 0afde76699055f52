import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { simpleParser } from 'mailparser';
import { SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { many } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer, type ReceivedMail } from '../../test/mail-server.js';
import { dnsWith } from '../../test/dns-with.js';
import {
  aFile,
  allAnswered,
  aMail,
  answerTo,
  aTenant,
  type DkimEntry,
  dkimFile,
  MAIL_DOMAIN,
  ownDkim,
  pem,
  startNotification,
} from '../../test/make.js';

const CLIENT_DOMAIN = 'mail.client.example';
const privateKey = (): string => pem(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey);
const entry = (domain: string, selector: string): DkimEntry => ({ domain, selector, privateKey: privateKey() });

const client = entry(CLIENT_DOMAIN, 'client');
const published: DkimEntry[] = [ownDkim(), client];
const path = aFile(dkimFile(...published));
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, { DKIM_KEYS_FILE: path });
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

/** Who a mail is from, in every place that says so, and who vouches for it. */
async function senderOf(mail: ReceivedMail) {
  const { results } = await dkimVerify(mail.raw, { resolver: dnsWith(published) });
  const { from } = await simpleParser(mail.raw);
  const [signature] = results;
  return {
    signatures: results.length,
    verified: signature?.status.result,
    signedBy: `${signature?.selector}._domainkey.${signature?.signingDomain}`,
    from: from?.value.map(({ address }) => address),
    bouncesTo: mail.from.split('@')[1],
  };
}

const senderIn = ({ domain, selector }: Pick<DkimEntry, 'domain' | 'selector'>) => ({
  signatures: 1,
  verified: 'pass',
  signedBy: `${selector}._domainkey.${domain}`,
  from: [`noreply@${domain}`],
  bouncesTo: domain,
});

async function aMailOf(mailDomain?: string): Promise<ReceivedMail> {
  const tenant = aTenant({ mailDomain });
  await service.deliver(TenantChanged, tenant);
  const mail = await aMail({ tenantId: tenant.tenantId });
  await service.deliver(SendEmail, mail);
  await answerTo(service, mail.emailId);
  return server.mails.find(({ from }) => from.includes(mail.emailId))!;
}

describe('the domain a mail is sent from', () => {
  it('When the client has a domain with a key, then sender, return path and signature are in it', async () => {
    expect(await senderOf(await aMailOf(CLIENT_DOMAIN))).toEqual(senderIn(client));
    expect(await senderOf(await aMailOf(CLIENT_DOMAIN.toUpperCase()))).toEqual(senderIn(client));
  });

  it('When the client has none, or one without a key, then all of them are in our own', async () => {
    for (const domain of [undefined, 'no-key.example', `sub.${CLIENT_DOMAIN}`]) {
      expect(await senderOf(await aMailOf(domain))).toEqual(senderIn(ownDkim()));
    }
  });
});

describe('keys that change while mails are sent', () => {
  it('When they are replaced, also by nonsense, then every mail is signed by a key of its domain', async () => {
    server.mails.length = 0;
    await service.db.query('DELETE FROM outbox');
    const tenants = [aTenant({ mailDomain: CLIENT_DOMAIN }), aTenant()];
    await service.deliver(TenantChanged, tenants);
    const load = underLoad(tenants.map(({ tenantId }) => tenantId));
    const next = [2, 3].map((n) => [entry(MAIL_DOMAIN, `own-${n}`), entry(CLIENT_DOMAIN, `client-${n}`)]);
    for (const pair of next) {
      published.push(...pair);
      replaceFile(dkimFile(...pair));
      await untilSignedBy(pair[0]!.selector);
      writeFileSync(path, '{"keys":[');
    }
    const sent = await load.end();

    expect((await allAnswered(service, sent)).map(({ type }) => type)).toEqual(many(sent, () => 'EmailAccepted'));
    const senders = await Promise.all(server.mails.map(senderOf));
    for (const sender of senders) {
      const signedBy = published.find(({ domain, selector }) => sender.signedBy === `${selector}._domainkey.${domain}`);
      expect(sender).toEqual(senderIn(signedBy!));
    }
    const used = new Set(senders.map(({ signedBy }) => signedBy));
    for (const { domain, selector } of next.flat()) expect(used).toContain(`${selector}._domainkey.${domain}`);
  });

  const replaceFile = (content: string): void => {
    writeFileSync(`${path}.next`, content);
    renameSync(`${path}.next`, path);
  };

  const untilSignedBy = (selector: string): Promise<unknown> =>
    waitUntil(() => server.mails.some(({ raw }) => raw.includes(`s=${selector};`)) || undefined, {
      what: `a mail signed with ${selector}`,
      timeoutMs: 30_000,
    });
});

/** A mail of each tenant, again and again, each time after the ones before were answered. */
function underLoad(tenantIds: readonly string[]): { end(): Promise<number> } {
  let ended = false;
  const run = async (): Promise<number> => {
    let sent = 0;
    for (; !ended; sent += tenantIds.length) {
      const mails = await Promise.all(tenantIds.map((tenantId) => aMail({ tenantId, emailId: randomUUID() })));
      await service.deliver(SendEmail, mails);
      await answerTo(service, mails.at(-1)!.emailId);
    }
    return sent;
  };
  const running = run();
  return {
    end: () => {
      ended = true;
      return running;
    },
  };
}
