import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { consentText, findText, ONE_CLICK_TEXT, TEXT_VERSION } from './consent-text.js';
import { TEXTS } from './form-texts.js';
import { type ConsentKind, LANGUAGES } from './form-words.js';

const KINDS: ConsentKind[] = ['opt-in', 'decline', 'withdraw'];
const all = KINDS.flatMap((kind) => LANGUAGES.map((language) => consentText(kind, language, 'Acme')));

/** Of all words of a version. Who changes words raises TEXT_VERSION and adds a line here; a line never changes. */
const VERSIONS: Record<number, string> = {
  1: 'ybZ5vyHCKbtaYA2sTuknl8_-hmg4Yet_P6A6RVYfhxo',
};

test('When the words change, then the version does too', () => {
  const words = createHash('sha256')
    .update(JSON.stringify([all, ONE_CLICK_TEXT]))
    .digest('base64url');
  expect({ [TEXT_VERSION]: words }).toEqual({ [TEXT_VERSION]: VERSIONS[TEXT_VERSION] });
});

test('When words differ in kind, language or company, then their hash does', () => {
  const hashes = [...all, ...KINDS.map((kind) => consentText(kind, 'en', 'Acme Holding')), ONE_CLICK_TEXT];
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(hashes.length);
});

test('When a hash is of the words of today, then they are found, but only as what they are', () => {
  const shown = consentText('decline', 'ar', 'Acme');
  expect(findText(['decline', 'withdraw'], shown.hash, 'Acme')).toEqual(shown);
  expect(findText(['opt-in'], shown.hash, 'Acme')).toBeUndefined();
  expect(findText(KINDS, shown.hash, 'Acme Holding')).toBeUndefined();
  expect(findText(KINDS, '', 'Acme')).toBeUndefined();
});

test('When a language is offered, then it has every text, and each names the company and the day where English does', () => {
  const places = (value: unknown): unknown => {
    if (typeof value === 'string') return [...new Set(value.match(/\{\w+\}/g))].sort();
    if (Array.isArray(value)) return value.map(places);
    return Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, places(one)]));
  };
  for (const language of LANGUAGES) expect(places(TEXTS[language])).toEqual(places(TEXTS.en));
});
