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
  it.each(['en', 'de'])('When written in %s, then text and HTML say everything the law asks for', async (language) => {
    const statement = await aStatement();
    const facts = { statement, salt: 'the-salt', statusUrl: 'https://status.example/s/1', file: 'certificate.jws' };
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
        'certificate:verify -- certificate.jws',
        'the-salt',
        statement.subjectCommitment!,
        'https://status.example/s/1',
        words.complaintHeading,
      ]) {
        expect(part).toContain(said);
      }
      expect(part).not.toMatch(/undefined|\[object|<%/);
    }
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
