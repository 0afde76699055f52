import { createDecipheriv, createPrivateKey, createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { sample } from './sample.js';

/** A row of the table `mail`. */
export interface Mail {
  readonly email_id: string;
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly expunge_id: string;
  readonly purpose: string;
  readonly sealed: string;
  readonly attachments: { readonly filename: string; readonly contentType: string; readonly content: string }[];
  readonly queued_at: Date;
}

interface Recipient {
  readonly address: string;
  readonly name: string;
  readonly salt: string;
  readonly statusUrl: string;
}

const [dkim] = keysIn<{ domain: string; selector: string; privateKey: string }>(process.env.DKIM_KEYS_FILE!);
const [keyring] = keysIn<{ k: string }>(process.env.SEAL_KEYRING_FILE!);
const key = createSecretKey(Buffer.from(keyring!.k, 'base64url'));
const domain = dkim!.domain;
const mailer = createTransport({
  pool: true,
  url: process.env.SMTP_URL,
  name: domain,
  maxConnections: 5,
  maxMessages: 1_000,
  dkim: {
    domainName: domain,
    keySelector: dkim!.selector,
    privateKey: createPrivateKey(dkim!.privateKey) as never,
    headerFieldNames:
      'From:Reply-To:Subject:Date:Message-ID:To:MIME-Version:Content-Type:Content-Transfer-Encoding:Auto-Submitted:List-Id:List-Unsubscribe:List-Unsubscribe-Post',
  },
});

export async function send(mail: Mail): Promise<void> {
  const recipient = open(mail.sealed);
  await mailer.sendMail({
    from: { name: 'Nordlicht Werke via Contact Expunge', address: `noreply@${domain}` },
    to: { name: recipient.name, address: recipient.address },
    replyTo: { name: '', address: 'privacy@company.example' },
    messageId: `<${mail.email_id}@${domain}>`,
    date: mail.queued_at,
    baseBoundary: mail.email_id,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    attachments: mail.attachments,
    envelope: { from: `bounce+${mail.email_id}@${domain}`, to: [recipient.address] },
    subject: sample.subject,
    text: about(sample.text, mail, recipient),
    html: about(sample.html, mail, recipient),
  });
}

function about(words: string, mail: Mail, { salt, statusUrl }: Recipient): string {
  return words
    .replaceAll(sample.expungeId, mail.expunge_id)
    .replaceAll(sample.salt, salt)
    .replaceAll(sample.statusUrl, statusUrl);
}

/** JWE compact serialisation, `dir` with A256GCM. */
function open(jwe: string): Recipient {
  const [header, , iv, text, tag] = jwe.split('.');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv!, 'base64url'));
  decipher.setAAD(Buffer.from(header!)).setAuthTag(Buffer.from(tag!, 'base64url'));
  return JSON.parse(decipher.update(text!, 'base64url', 'utf8') + decipher.final('utf8')) as Recipient;
}

function keysIn<T>(file: string): T[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { keys: T[] }).keys;
}
