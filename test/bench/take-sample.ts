import { writeFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { simpleParser } from 'mailparser';
import type { CertificateStatement } from '#contracts';
import type { Sample } from './speed-of-light/sample.js';

/** From a confirmation that our services sent, so that others send the same words: written to `file`. */
export async function takeSample(mail: string, file: string): Promise<void> {
  const { subject = '', text = '', html, attachments } = await simpleParser(mail);
  const certificate = attachments[0]?.content.toString().trim() ?? '';
  const statement = decodeJwt<CertificateStatement & Record<string, unknown>>(certificate);
  const sample: Sample = {
    statement: statement as unknown as Sample['statement'],
    subject,
    text,
    html: html || '',
    expungeId: statement.request.expungeId,
    salt: found(/--salt=([\w-]+)/, text),
    subjectCommitment: statement.subjectCommitment ?? '',
    statusUrl: found(/(http\S+\/status\/[\w-]+)/, text),
  };
  writeFileSync(file, JSON.stringify(sample));
}

function found(what: RegExp, text: string): string {
  const value = what.exec(text)?.[1];
  if (value === undefined) throw new Error('the confirmation is not what it was when this was written');
  return value;
}
