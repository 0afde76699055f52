import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { type Data, SendEmail, TenantChanged } from '#contracts';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer, type ReceivedMail } from '../../test/mail-server.js';
import { allAnswered, aMail, aRemovalLink, aTenant, MAIL_DOMAIN, startNotification } from '../../test/make.js';

const VICTIM = 'victim@evil.example';
const HOSTILE = [
  `Jo\r\nBcc: ${VICTIM}`,
  `Jo\nBcc: ${VICTIM}`,
  `Jo\rBcc: ${VICTIM}`,
  `Jo\r\n\r\nA body to ${VICTIM}`,
  `Jo\u0000${VICTIM}`,
  `Jo" <${VICTIM}>, "`,
  `Jo <${VICTIM}>`,
  `<${VICTIM}>`,
  `${VICTIM}, jo`,
  `${VICTIM}; jo`,
  `undisclosed: ${VICTIM};`,
  `(${VICTIM})`,
  `=?utf-8?Q?Jo=0D=0ABcc:_${VICTIM.replace('@', '=40')}?=`,
  `\u202Eelpmaxe.live@mitciv\u202C`,
  `\u200Fjo\u200E`,
  `Jo\u2028Bcc: ${VICTIM}`,
  `Jo\u0085Bcc: ${VICTIM}`,
  '\uD800',
  '\\',
  '"',
  "'; --",
  '%00%0d%0a',
  '{"level":"fatal","msg":"forged"}',
  'x'.repeat(10_000),
  'x'.repeat(4_000),
  `${'ß, "<é>" '.repeat(1_100)}`,
];
const ADDRESSES = [
  `jo@example.com\r\nRCPT TO:<${VICTIM}>`,
  `jo@example.com>\r\nRCPT TO:<${VICTIM}`,
  `jo@example.com,${VICTIM}`,
  `jo@example.com ${VICTIM}`,
  `"a,b"@example.com`,
  `"a> RCPT TO:<b"@example.com`,
  `Jo <${VICTIM}>`,
  `<${VICTIM}>`,
  `jo@example.com\u0000`,
  `\u202Ejo@example.com`,
  `jo\u200F@example.com`,
  `jo@exa\u00ADmple.com`,
  `@example.com:${VICTIM}`,
  `jo%${VICTIM}`,
  `${'j'.repeat(10_000)}@example.com`,
  '',
];

/** Pieces that matter to a header, in any order, among text of any language. */
const pieces = fc.oneof(
  fc.constantFrom(
    '\r',
    '\n',
    '\0',
    '"',
    ',',
    ';',
    ':',
    '<',
    '>',
    '@',
    '\\',
    '(',
    ')',
    '\u202E',
    '\u200F',
    'Bcc: ',
    VICTIM,
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const text = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(''));
const address = fc.oneof(
  text,
  text.map((local) => `${local}@example.com`),
  fc.emailAddress(),
);
/** Messages of one tenant are handled together. */
const tenantId = randomUUID();
const RUNS = 40;
/** Of HOSTILE; a message with such a seal is parked unopened. */
const TOO_LONG_TO_SEAL = 2;

let lines: string[] = [];
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  const logTo = { write: (line: string): void => void lines.push(line) };
  service = await startNotification(server.url, { LOG_LEVEL: 'trace', MAIL_RETRY_FIRST_SECONDS: '60' }, logTo);
});

beforeEach(async () => {
  server.mails.length = 0;
  lines = [];
  await service.db.query('DELETE FROM outbox');
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

describe('hostile names and addresses', () => {
  it('When a recipient has a hostile name, then each mail has its one recipient and its usual headers', async () => {
    const names = [...HOSTILE, ...fc.sample(text, RUNS)];
    const mails = await Promise.all(names.map((name) => aMail({ tenantId }, { name })));
    await deliver(mails);
    expect(server.mails).toHaveLength(mails.length - TOO_LONG_TO_SEAL);
    await everyMailIsHarmless();
  });

  it('When the address is hostile, then it is refused, or is exactly the one the mail goes to', async () => {
    const addresses = [...ADDRESSES, ...HOSTILE, ...fc.sample(address, RUNS), 'jo@example.com'];
    const mails = await Promise.all(addresses.map((one) => aMail({ tenantId }, { address: one })));
    await deliver(mails);
    const reached = server.mails.map(({ to }) => to);
    expect(reached).toContainEqual(['jo@example.com']);
    expect(reached.filter(([to, ...more]) => more.length > 0 || !addresses.includes(to!))).toEqual([]);
    await everyMailIsHarmless();
  });

  it('When a company has a hostile name or privacy contact, then neither sender nor answers go elsewhere', async () => {
    const names = [...HOSTILE, ...ADDRESSES].map((one) => one.slice(0, 200));
    const tenants = names.map((name) => aTenant({ name, privacyContact: name }));
    const { handled } = await service.deliver(TenantChanged, tenants);
    const known = new Set<string>(await knownTenants());
    expect(handled).toBe(known.size);
    // What the database cannot store is parked with its message; a link is not sent in the name of nobody.
    const links = await Promise.all(tenants.map((tenant) => aRemovalLink({ tenantId: tenant.tenantId })));
    const mails = links.filter((link) => known.has(link.tenantId));
    await deliver(mails);
    expect(server.mails).toHaveLength(mails.length);
    await everyMailIsHarmless();
  });

  it('When the name in a certificate is hostile and long, then neither subject nor sender is more than a line', async () => {
    const mails = await certified([...HOSTILE, ...fc.sample(text, RUNS)]);
    await deliver(mails);
    await everyMailIsHarmless();
    for (const { subject = '' } of await Promise.all(server.mails.map(({ raw }) => simpleParser(raw)))) {
      expect(subject.length).toBeLessThan(300);
    }
  });
});

/** Resolves when each mail that was not parked at once is accepted or refused for good. */
async function deliver(mails: Data<SendEmail>[]): Promise<void> {
  const { handled } = await service.deliver(SendEmail, mails);
  await allAnswered(service, handled);
}

const certified = (names: readonly string[]): Promise<Data<SendEmail>[]> =>
  Promise.all(names.map((name) => aMail({ tenantId }, {}, { name, privacyContact: name })));

async function knownTenants(): Promise<string[]> {
  const rows: { tenant_id: string }[] = await service.db.query('SELECT tenant_id FROM tenant');
  return rows.map((row) => row.tenant_id);
}

const USUAL = [
  'Auto-Submitted',
  'Content-Type',
  'DKIM-Signature',
  'Date',
  'From',
  'MIME-Version',
  'Message-ID',
  'Subject',
  'To',
  'X-Auto-Response-Suppress',
];

async function everyMailIsHarmless(): Promise<void> {
  for (const mail of server.mails) await isHarmless(mail);
  // What is logged about them holds nothing of them, and every line is one of ours.
  for (const line of lines) {
    expect(line).toMatch(/^\{.*\}\n$/);
    const { service: name, level, msg } = JSON.parse(line) as Record<string, string>;
    expect([name, level === 'fatal', typeof msg]).toEqual(['notification-service', false, 'string']);
    expect(line).not.toMatch(/victim|mitciv|forged|xxxxx|example\.com|Bcc/);
  }
}

async function isHarmless({ raw, from, to }: ReceivedMail): Promise<void> {
  const [head = ''] = raw.toString('latin1').split('\r\n\r\n');
  const fields = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  expect(fields.filter((field) => /[\r\n\0]/.test(field))).toEqual([]);
  const names = fields.map((field) => field.split(':')[0]!).filter((name) => name !== 'Reply-To');
  expect(names.sort()).toEqual(USUAL);
  const parsed = await simpleParser(raw);
  const [addressee] = [parsed.to].flat();
  expect(to).toHaveLength(1);
  expect(addressee!.value.map((one) => one.address)).toEqual(to);
  expect(parsed.from!.value.map((one) => one.address)).toEqual([`noreply@${MAIL_DOMAIN}`]);
  const shown = [addressee!.text, parsed.from!.text, parsed.subject].join(' ');
  expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
  expect(parsed.replyTo?.value ?? [{}]).toHaveLength(1);
  expect(from).toMatch(new RegExp(`^bounce\\+[0-9a-f-]{36}@${MAIL_DOMAIN}$`));
}
