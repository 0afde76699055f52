import { createHash } from 'node:crypto';
import { TEXTS } from './form-texts.js';
import { type ConsentKind, type Language, LANGUAGES } from './form-words.js';

/** Grows with every change of the words in FormTexts.consent; a test holds the words of each version. */
export const TEXT_VERSION = 1;

/** Exactly what a person was shown before deciding, and what it is known by. */
export interface ConsentText {
  /** BCP 47. */
  readonly language: string;
  readonly version: number;
  readonly text: string;
  /** SHA-256 of language, version and text, each on its own line, as base64url. */
  readonly hash: string;
}

/** The name of a company between isolates (Unicode UAX 9), so that it changes no direction around it. */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

export const fill = (sentence: string, company: string): string =>
  sentence.replaceAll('{company}', () => isolated(company));

export function consentText(kind: ConsentKind, language: Language, company: string): ConsentText {
  const { means, box, button } = TEXTS[language].consent[kind];
  const lines = [...means, ...(box === undefined ? [] : [`[x] ${box}`]), `[${button}]`];
  return withHash(language, TEXT_VERSION, lines.map((line) => fill(line, company)).join('\n'));
}

/** For a decline by the mail program: we have shown nothing. `zxx` is the tag for no language. */
export const ONE_CLICK_TEXT = withHash('zxx', 1, 'List-Unsubscribe=One-Click (RFC 8058)');

/** The words with this hash, if they are those that are shown now, in any language. */
export function findText(kinds: readonly ConsentKind[], hash: string, company: string): ConsentText | undefined {
  return kinds
    .flatMap((kind) => LANGUAGES.map((language) => consentText(kind, language, company)))
    .find((text) => text.hash === hash);
}

function withHash(language: string, version: number, text: string): ConsentText {
  const hash = createHash('sha256').update(`${language}\n${version}\n${text}`).digest('base64url');
  return { language, version, text, hash };
}
