import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { CertificateStatement } from '#contracts';
import { aMail } from '../../../test/make.js';
import { chooseLanguage } from './choose-language.js';
import { renderConfirmation } from './render-confirmation.js';

async function aStatement(company = 'Acme'): Promise<CertificateStatement> {
  const mail = await aMail();
  const statement = decodeJwt<CertificateStatement & Record<string, unknown>>(mail.attachments[0]!.content);
  return { ...statement, controller: { ...statement.controller, name: company } };
}

describe('the confirmation', () => {
  it.each(['en', 'de', 'ar'])(
    'When written in %s, then text and HTML say everything the law asks for',
    async (language) => {
      const statement = await aStatement();
      const facts = { statement, salt: '-the-salt', statusUrl: 'https://status.example/s/1', file: 'certificate.jws' };
      const words = chooseLanguage([language]);
      const { text, html } = renderConfirmation(words, facts);
      for (const part of [text, html]) {
        for (const said of [
          statement.request.expungeId,
          words.reasons['account-deleted'],
          '2026',
          'Acme',
          statement.controller.privacyContact,
          words.processorName,
          words.erased(3),
          'A tombstone',
          'so that the contact cannot come back',
          'Backups end after 35 days.',
          '--salt=-the-salt --jwks https://privacy.example/.well-known/jwks.json',
          'certificate:verify -- certificate.jws',
          statement.subjectCommitment!,
          'https://status.example/s/1',
          words.complaintHeading,
        ]) {
          expect(part).toContain(said);
        }
        expect(part).not.toMatch(/undefined|\[object|<%/);
      }
    },
  );

  it.each([
    ['https://privacy.example/base/', ' --jwks https://privacy.example/base/.well-known/jwks.json'],
    ['http://127.0.0.1:3003', ' --jwks http://127.0.0.1:3003/.well-known/jwks.json'],
    ['https://privacy.example/$(id)', ''],
    ['no address', ''],
  ])('When the certificate is issued by %j, then the command ends with %j', async (iss, keys) => {
    const statement = { ...(await aStatement()), iss };
    const { text } = renderConfirmation(chooseLanguage(['en']), { statement, file: 'certificate.jws' });
    expect(text).toContain(`certificate:verify -- certificate.jws${keys}\n`);
  });

  it.each([
    ['en', /in encrypted copies .* “What is kept, and why”/, /Encrypted copies .* “What is kept, and why”/],
    ['de', /in verschlüsselten Kopien .* „Was auf/, /Verschlüsselte Kopien .* „Was auf/],
  ])('When written in %s, then it does not hide the copies that remain for a while', (language, salt, address) => {
    const words = chooseLanguage([language]);
    expect(words.saltMeaning).toMatch(salt);
    expect(words.closing).toMatch(address);
  });

  it('When a name or an address of a page is hostile, then it stays text', async () => {
    const statement = await aStatement('<script>alert(1)</script>\r\nBcc: a@example.com');
    const { html, subject } = renderConfirmation(chooseLanguage(['en']), {
      statement,
      statusUrl: 'javascript:alert(1)',
      file: 'certificate.jws',
    });
    expect(html).not.toMatch(/<script|javascript:/);
    expect(subject).not.toMatch(/[\r\n]/);
  });

  it.each([
    [['de-AT'], 'de'],
    [['fr', 'pt-BR', 'de'], 'de'],
    [['fr', 'it'], 'en'],
    [['EN_us', 'de'], 'en'],
    [[], 'en'],
  ])('When %j is preferred, then it is written in %s', (preferred, language) => {
    expect(chooseLanguage(preferred).language).toBe(language);
  });
});
