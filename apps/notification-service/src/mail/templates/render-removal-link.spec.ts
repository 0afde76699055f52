import { describe, expect, it } from '@jest/globals';
import { chooseLanguage } from './choose-language.js';
import { REMOVAL_LINK_VALID_HOURS } from '#contracts';
import { renderRemovalLink } from './render-removal-link.js';

const company = { name: 'Acme', privacyContact: 'privacy@acme.example' };
const linkUrl = 'https://career.example/r/abc?a=1&b=2';

describe('the mail with a link to confirm a removal', () => {
  it.each(['en', 'de', 'ar'])(
    'When written in %s, then text and HTML say whose, where, how long and what else',
    (language) => {
      const words = chooseLanguage([language]);
      const { subject, text, html } = renderRemovalLink(words, { company, linkUrl });
      expect(subject).toBe(words.removalLink.subject('Acme'));
      for (const part of [text, html]) {
        expect(part).toContain(words.removalLink.opening('Acme'));
        expect(part).toContain(words.removalLink.validity(REMOVAL_LINK_VALID_HOURS));
        expect(part).toContain('24');
        expect(part).toContain(words.removalLink.notYou);
        expect(part).toContain('privacy@acme.example');
        expect(part).not.toMatch(/undefined|\[object|<%/);
      }
      expect(text).toContain(`\n${linkUrl}\n`);
      expect(html).toContain('href="https://career.example/r/abc?a=1&amp;b=2"');
    },
  );

  it('When it is opened, then nothing is loaded: the link is the only address in it', () => {
    const { html } = renderRemovalLink(chooseLanguage(['en']), { company, linkUrl });
    expect(html.match(/https?:[^"< ]*/g)).toEqual(many(2, 'https://career.example/r/abc?a=1&amp;b=2'));
    expect(html).not.toMatch(/<(img|link|script|style|iframe)|url\(/);
  });

  it('When name or link are hostile, then they stay text and lead nowhere', () => {
    const hostile = { name: '<b>Acme</b>\r\nOpen http://evil.example', privacyContact: 'a@b.example\r\nhttp://evil' };
    const { subject, text, html } = renderRemovalLink(chooseLanguage(['en']), {
      company: hostile,
      linkUrl: 'javascript:alert(1)',
    });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<b>|javascript:/);
    expect(text).not.toMatch(/javascript:|^(Open )?http:/m);
  });
});

const many = (count: number, text: string): string[] => Array.from({ length: count }, () => text);
