import { describe, expect, it } from '@jest/globals';
import { chooseLanguage } from './choose-language.js';
import { promisedTime } from './promised-time.js';
import { renderOptIn } from './render-opt-in.js';

const DAY = 24 * 3_600;
const company = { name: 'Acme', privacyContact: 'privacy@acme.example' };
const linkUrl = 'https://career.example/o/abc?a=1&b=2';
const facts = { purpose: 'opt-in', company, linkUrl, graceSeconds: 30 * DAY } as const;

describe('the mail that asks to opt in', () => {
  it.each([
    ['en', 'ltr'],
    ['de', 'ltr'],
    ['ar', 'rtl'],
  ])('When written in %s, then text and HTML say who, why, where, until when, and what else', (language, direction) => {
    const words = chooseLanguage([language]);
    const { subject, text, html } = renderOptIn(words, facts);
    expect(subject).toBe(words.optIn.subject('Acme'));
    for (const part of [text, html]) {
      for (const said of [
        words.optIn.opening('Acme'),
        words.optIn.silence(promisedTime(language, 30 * DAY)),
        words.optIn.decline,
        words.optIn.removeNow,
        'privacy@acme.example',
      ]) {
        expect(part).toContain(said);
      }
      expect(part).toMatch(/\b30\b/);
      expect(part).not.toMatch(/undefined|\[object|<%/);
    }
    expect(text).toContain(`\n${linkUrl}\n`);
    expect(html).toContain('href="https://career.example/o/abc?a=1&amp;b=2"');
    expect(html).toContain(`<html lang="${language}" dir="${direction}">`);
  });

  it.each(['en', 'de', 'ar'])(
    'When nobody is removed afterwards, then it says so in %s and names no time',
    (language) => {
      const words = chooseLanguage([language]);
      const { text } = renderOptIn(words, { ...facts, graceSeconds: 0 });
      expect(text).toContain(words.optIn.noRemoval);
      expect(text).toContain(words.optIn.declineOnly);
      expect(text).not.toMatch(/\d (days?|Tage?|يوم)/);
    },
  );

  it('When it is opened, then nothing is loaded: the link is the only address in it', () => {
    const { html } = renderOptIn(chooseLanguage(['en']), facts);
    expect(new Set(html.match(/https?:[^"< ]*/g))).toEqual(new Set(['https://career.example/o/abc?a=1&amp;b=2']));
    expect(html).not.toMatch(/<(img|link|script|style|iframe)|url\(/);
  });

  it('When name or link are hostile, then they stay text and lead nowhere', () => {
    const hostile = { name: '<b>Acme</b>\r\nOpen http://evil.example', privacyContact: 'a@b.example\r\nhttp://evil' };
    for (const language of ['en', 'ar']) {
      const { subject, text, html } = renderOptIn(chooseLanguage([language]), {
        ...facts,
        company: hostile,
        linkUrl: 'javascript:alert(1)',
      });
      expect(subject).not.toMatch(/[\r\n]/);
      expect(html).not.toMatch(/<b>|javascript:/);
      expect(text).not.toMatch(/javascript:|^(Open )?http:/m);
    }
  });
});

describe('the time a mail promises', () => {
  it.each([
    [1, '1 second'],
    [90, '90 seconds'],
    [150, '2 minutes'],
    [3_600, '1 hour'],
    [5_400, '90 minutes'],
    [DAY, '1 day'],
    [DAY + 3_600, '25 hours'],
    [30 * DAY, '30 days'],
    [31 * DAY - 1, '30 days'],
  ])('When it is %i seconds, then it is said as %s: never more than it is', (seconds, said) => {
    expect(promisedTime('en', seconds)).toBe(said);
  });

  it('When the language has forms of its own, then they are used', () => {
    expect([1, 2, 3, 11].map((days) => promisedTime('ar', days * DAY))).toEqual(['يوم', 'يومان', '3 أيام', '11 يومًا']);
    expect(promisedTime('de', DAY)).toBe('1 Tag');
  });
});
