import { createCipheriv, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import { openJwe } from './open-jwe.js';

const key = new Uint8Array(randomBytes(32));
const OURS = { alg: 'dir', enc: 'A256GCM', kid: 'a' };

/** By another implementation. */
const sealed = (text: string, header: { alg: string; enc: string } = OURS, by = key): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(header).encrypt(by);

/** With anything in the header, and a tag of any length. */
function byHand(header: object, tagBytes = 16): string {
  const head = Buffer.from(JSON.stringify(header)).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update('{}'), cipher.final()]);
  return [head, '', ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

test('When jose has sealed any text, then it is opened', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 500 });
  await fc.assert(
    fc.asyncProperty(text, async (given) => expect(openJwe(await sealed(given), key)).toBe(given)),
    { seed: 1, numRuns: 100 },
  );
});

test('When any character of a seal is changed into another byte, then it is not opened', async () => {
  const jwe = await sealed('{"address":"rosa@example.org"}');
  const parts = jwe.split('.');
  for (const [n, part] of parts.entries()) {
    const bytes = Buffer.from(part, 'base64url');
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      const forged = parts.with(n, changed.toString('base64url')).join('.');
      expect(() => openJwe(forged, key)).toThrow();
    }
  }
});

test.each<[string, () => string | Promise<string>]>([
  ['with another key', () => sealed('{}', OURS, new Uint8Array(randomBytes(32)))],
  ['with the key of an envelope', () => sealed('{}', { ...OURS, alg: 'A256KW' })],
  ['with CBC', () => sealed('{}', { ...OURS, enc: 'A256CBC-HS512' }, new Uint8Array(randomBytes(64)))],
  ['with a short tag', () => byHand(OURS, 4)],
  ['with a header that names no method', () => byHand({ kid: 'a' })],
  ['with compressed content', () => byHand({ ...OURS, zip: 'DEF' })],
  ['with an extension that must be understood', () => byHand({ ...OURS, crit: ['exp'], exp: 1 })],
  ['in four parts', () => byHand(OURS).split('.').slice(0, 4).join('.')],
  ['in six parts', () => `${byHand(OURS)}.AAAA`],
  ['with nothing in it', () => '....'],
])('When something was sealed %s, then it is not opened', async (_, make) => {
  const jwe = await make();
  expect(() => openJwe(jwe, key)).toThrow();
});

test('When something was sealed by hand as we do, then it is opened', () => {
  expect(openJwe(byHand(OURS), key)).toBe('{}');
});
