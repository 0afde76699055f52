import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { aToken } from './forms.js';
import { nothingYet, Search } from './search.js';

const token = aToken();
const search = new Search([token]);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contact-expunge-search-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const matchesIn = (bytes: Buffer): number => {
  const found = nothingYet();
  search.look(bytes.toString('latin1'), 'here', found);
  return found.matches;
};
const person = (before: number, text = token): string => `${'x'.repeat(before)}${text} é@example.com`;

test.each([
  ['plain', Buffer.from(person(3))],
  ['upper case', Buffer.from(person(3, token.toUpperCase()))],
  ['URL-encoded', Buffer.from(encodeURIComponent(person(3)))],
  ['a JSON escape beside it', Buffer.from(JSON.stringify(`"é\n${token}`))],
  ['UTF-16, little-endian', Buffer.from(person(3), 'utf16le')],
  ['UTF-16, big-endian', Buffer.from(person(3), 'utf16le').swap16()],
  ['hexadecimal', Buffer.from(Buffer.from(person(3)).toString('hex'))],
  ...[0, 1, 2].flatMap((before): [string, Buffer][] => [
    [`base64 after ${before} bytes`, Buffer.from(Buffer.from(person(before)).toString('base64'))],
    [`base64url after ${before} bytes`, Buffer.from(Buffer.from(person(before)).toString('base64url'))],
    [`base64 of upper case after ${before} bytes`, Buffer.from(btoa(person(before, token.toUpperCase())))],
  ]),
])('When a text is written down as %s, then it is found', (_, bytes) => {
  expect(matchesIn(bytes)).toBe(1);
});

test('When a mail program breaks the text in the middle, then it is found', async () => {
  const transport = createTransport({ streamTransport: true, buffer: true });
  const found = await Promise.all(
    Array.from({ length: 80 }, async (_, before) => {
      const text = `é${'x'.repeat(before)}${token}${'y'.repeat(80)}`;
      const { message } = await transport.sendMail({ text, textEncoding: 'quoted-printable' });
      return matchesIn(message as Buffer);
    }),
  );
  expect(found).toEqual(Array.from({ length: 80 }, () => expect.any(Number)));
  expect(Math.min(...found)).toBeGreaterThan(0);
});

test('When a text is another one, then nothing is found', () => {
  expect(matchesIn(Buffer.from(person(3, aToken())))).toBe(0);
});

test('When a file is read in pieces, then a text on the border is found, once, and every byte counts once', async () => {
  const megabyte = 1_048_576;
  for (const at of [0, megabyte - 200, megabyte - 12, megabyte - 6, megabyte - 1, megabyte, 2 * megabyte - 40]) {
    const bytes = Buffer.alloc(3 * megabyte, '.');
    bytes.write(token, at);
    const file = join(folder, `at-${at}`);
    await writeFile(file, bytes);
    const found = nothingYet();
    await search.lookInFile(file, 'here', found);
    expect({ at, ...found }).toMatchObject({ at, matches: 1, bytes: 3 * megabyte });
  }
});

test('When a file has gone meanwhile, then it holds nothing', async () => {
  const found = nothingYet();
  await search.lookInFile(join(folder, 'gone'), 'here', found);
  expect(found).toEqual({ bytes: 0, matches: 0, examples: [] });
});
