import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SignJWT } from 'jose';
import {
  CERTIFICATE_ALG,
  CERTIFICATE_TYP,
  type CertificateStatement,
  type Data,
  EmailAccepted,
  EmailRejected,
  type SendEmail,
  type TenantChanged,
} from '#contracts';
import { waitUntil } from '#local';
import { commit, KeyringFile, newSalt, seal, type SealedRecipient } from '#service';
import { startTestService, type TestService, type Waiting } from '../../../test/support/test-service.js';
import { AppModule } from '../src/app.module.js';
import { NotificationConfig } from '../src/config.js';
import { migrations } from '../src/migrations/index.js';

export const MAIL_DOMAIN = 'mail.expunge.example';
export const SELECTOR = 'test';

const folder = mkdtempSync(join(tmpdir(), 'notification-'));
const signing = generateKeyPairSync('ed25519');
export const dkim = generateKeyPairSync('rsa', { modulusLength: 2_048 });

export function aFile(content: string): string {
  const path = join(folder, randomUUID());
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

export const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export const aKey = (kid = 'seal-1') => ({ kid, k: randomBytes(32).toString('base64url') });

export const aKeyring = (keys = [aKey()]): string => aFile(JSON.stringify({ keys }));

export const keyringPath = aKeyring();

export interface DkimEntry {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: string;
}

/** The key every test service has. */
export const ownDkim = (): DkimEntry => ({ domain: MAIL_DOMAIN, selector: SELECTOR, privateKey: pem(dkim.privateKey) });

/** The content of a DKIM keys file. */
export const dkimFile = (...keys: readonly object[]): string => JSON.stringify({ keys });

/** notification-service on its own database, sending to `smtpUrl`; retries after one second. */
export function startNotification(
  smtpUrl: string,
  env: Record<string, string> = {},
  logTo?: { write(line: string): void },
): Promise<TestService> {
  return startTestService({
    service: 'notification-service',
    config: NotificationConfig,
    module: (config) => AppModule.forConfig(config, logTo),
    migrations,
    env: { ...mailEnvironment(smtpUrl), ...env },
  });
}

/** For tests of a mail that waits after it was refused: by itself it is not tried again while they look. */
export const RETRIES_LATE = { MAIL_RETRY_FIRST_SECONDS: '3600' };

/** A mail that waits is tried again now. */
export const tryNow = (service: TestService, emailId: string): Promise<unknown> =>
  service.db.query('UPDATE mail SET due_at = now() WHERE email_id = $1', [emailId]);

/** What the service is told besides what every service is told. */
export const mailEnvironment = (smtpUrl: string): Record<string, string> => ({
  SEAL_KEYRING_FILE: keyringPath,
  SMTP_URL: smtpUrl,
  MAIL_DOMAIN,
  DKIM_KEYS_FILE: aFile(dkimFile(ownDkim())),
  // So long that a busy machine is not taken for a mail server that hangs.
  SMTP_TIMEOUT_SECONDS: '60',
  MAIL_RETRY_FIRST_SECONDS: '1',
  BOUNCE_SMTP_PORT: '0',
  BOUNCE_SMTP_HOST: '127.0.0.1',
});

type Recipient = Partial<SealedRecipient>;
type Controller = Partial<CertificateStatement['controller']>;

/** A confirmation as privacy-service asks for it, to a made-up person. */
export async function aMail(
  given: Partial<Data<SendEmail>> = {},
  to: Recipient = {},
  controller: Controller = {},
): Promise<Data<SendEmail>> {
  const ids = { tenantId: randomUUID(), contactId: randomUUID(), emailId: randomUUID(), expungeId: randomUUID() };
  const mail = { ...ids, purpose: 'expunge-confirmation' as const, ...given };
  const { tenantId, contactId, purpose, expungeId, emailId } = mail;
  const recipient: SealedRecipient = {
    tenantId,
    contactId,
    purpose,
    expungeId,
    emailId,
    address: `person-${randomUUID()}@example.com`,
    name: 'Zoë Quill',
    language: 'en',
    salt: newSalt(),
    statusUrl: `https://status.example/s/${randomUUID()}`,
    ...to,
  };
  const keyring = await KeyringFile.open(keyringPath);
  return {
    ...mail,
    sealed: given.sealed ?? (await seal(keyring, recipient)),
    attachments: given.attachments ?? [await aCertificate(mail, recipient, controller)],
  };
}

/** A link to confirm a removal, as contact-service asks for it; of a tenant that is known already. */
export async function aRemovalLink(given: Partial<Data<SendEmail>> = {}, to: Recipient = {}): Promise<Data<SendEmail>> {
  const linkUrl = `https://career.example/r/${randomUUID()}`;
  const purpose = 'removal-link' as const;
  const about = { purpose, expungeId: undefined, attachments: [], ...given };
  return aMail(about, { linkUrl, salt: undefined, statusUrl: undefined, ...to });
}

/** A mail that asks to opt in, as contact-service asks for it; of a tenant that is known already. */
export async function anOptIn(given: Partial<Data<SendEmail>> = {}, to: Recipient = {}): Promise<Data<SendEmail>> {
  const linkUrl = `https://career.example/o/${randomUUID()}`;
  return aRemovalLink({ purpose: 'opt-in', graceSeconds: 30 * 24 * 3_600, ...given }, { linkUrl, ...to });
}

/** A client company as contact-service tells of it. */
export const aTenant = (given: Partial<Data<TenantChanged>> = {}): Data<TenantChanged> => ({
  tenantId: randomUUID(),
  revision: 1,
  name: 'Neue Firma',
  languages: ['en'],
  privacyContact: 'datenschutz@firma.example',
  ...given,
});

async function aCertificate(
  mail: Pick<SendEmail, 'tenantId' | 'contactId' | 'expungeId'>,
  to: SealedRecipient,
  controller: Controller,
) {
  const at = '2026-03-01T10:00:00.000Z';
  const statement: CertificateStatement = {
    iss: 'https://privacy.example',
    jti: randomUUID(),
    iat: 1_772_359_200,
    controller: {
      tenantId: mail.tenantId,
      name: 'Ümlaut & Sons',
      privacyContact: 'privacy@umlaut.example',
      ...controller,
    },
    request: {
      expungeId: mail.expungeId ?? '',
      contactId: mail.contactId,
      reason: 'account-deleted',
      requestedBy: 'candidate',
      requestedAt: '2026-03-01T09:59:00.000Z',
      completedAt: at,
    },
    subjectCommitment: commit(to.salt ?? '', to.address),
    participants: [
      { participant: 'contact-service', outcome: 'erased', at, stores: [{ store: 'notes', erased: 3, remaining: 0 }] },
    ],
    kept: [{ what: 'A tombstone', why: 'so that the contact cannot come back' }],
    backups: 'Backups end after 35 days.',
    verification: 'See the address above.',
    complaint: 'You may complain.',
  };
  const content = await new SignJWT({ ...statement })
    .setProtectedHeader({ alg: CERTIFICATE_ALG, typ: CERTIFICATE_TYP, kid: 'k' })
    .sign(signing.privateKey);
  return { filename: 'certificate.jws', contentType: 'application/jose', content };
}

/** What the service has answered about a mail, once there is an answer that satisfies. */
export async function answerTo(
  service: TestService,
  emailId: string,
  which: (answer: Waiting) => boolean = isFinal,
): Promise<Waiting> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline; await pause(25)) {
    const answer = (await answersTo(service, emailId)).find(which);
    if (answer) return answer;
  }
  throw new Error('There was no such answer to the mail.');
}

export async function answersTo(service: TestService, emailId: string): Promise<Waiting[]> {
  return (await service.outbox()).filter(({ data }) => data.emailId === emailId);
}

/** One look for all: a hundred that look on their own would keep the service from its work. */
export async function allAnswered(asked: TestService, count: number): Promise<Waiting[]> {
  const final = async () => (await asked.outbox()).filter(isFinal);
  const all = async () => ((await final()).length === count ? final() : undefined);
  return waitUntil(all, { what: `${count} outcomes`, timeoutMs: 40_000 });
}

export const isFinal = ({ type, data }: Waiting): boolean =>
  type === EmailAccepted.type || (type === EmailRejected.type && data.permanent === true);
