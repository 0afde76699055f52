import { randomInt } from 'node:crypto';
import { inBase64 } from '../support/find-traces.js';

const LETTERS = 'bcdfghjkmnpqrtvwxyz';
const LENGTH = 12;

/** A text that stands for a person: letters that no word, id or program text has by chance. */
export function aToken(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** A form a text may be written down in, and what finds it there (in bytes read as Latin-1, whatever the case). */
interface Form {
  readonly name: string;
  readonly patterns: readonly string[];
}

/**
 * The forms of a token: as it is (also within URL encoding and quoted-printable, which leave letters alone), with the soft
 * line break of quoted-printable anywhere in it (RFC 2045, 6.7), base64 at each of the three places in its groups (RFC
 * 4648), hexadecimal, and UTF-16 in either order. A text that was taken apart is found by planting a token in each part.
 */
export function formsOf(token: string): readonly Form[] {
  const cases = [token, token.toUpperCase(), capitalised(token)];
  return [
    { name: 'plain', patterns: [token] },
    { name: 'quoted-printable, broken', patterns: [token.split('').join('(?:=\\r?\\n)?')] },
    { name: 'base64', patterns: cases.flatMap(base64Forms) },
    { name: 'hexadecimal', patterns: cases.map((text) => Buffer.from(text).toString('hex')) },
    { name: 'UTF-16', patterns: [token.split('').join('\\x00')] },
  ];
}

/** In either alphabet (RFC 4648, 4 and 5). */
const base64Forms = (text: string): string[] => inBase64(text).map((form) => form.replaceAll(/[+/]/g, '[+/_-]'));

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
