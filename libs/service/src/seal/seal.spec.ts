import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { JWE } from '../../../contracts/src/expunge-messages.js';
import { Logger } from '@nestjs/common';
import { safeError } from '#messaging';
import { KeyringFile } from './keyring-file.js';
import { openSeal, seal, type SealedRecipient, SealMismatch, SealUnreadable } from './seal.js';

const BINDING = {
  tenantId: 'tenant-1',
  contactId: 'contact-1',
  purpose: 'expunge-confirmation',
  expungeId: 'expunge-1',
};
const ADDRESS = 'rosa.luna@example.org';
const RECIPIENT: SealedRecipient = { ...BINDING, address: ADDRESS, name: 'Rosa Luna', language: 'es', salt: 'c2FsdA' };

let folder: string;
let path: string;

const aKey = (kid: string): { kid: string; k: string } => ({ kid, k: randomBytes(32).toString('base64url') });
const first = aKey('2026-01');
const second = aKey('2026-02');

async function write(content: unknown): Promise<void> {
  // Swapped in as a whole, as Kubernetes does with a mounted secret.
  await writeFile(`${path}.new`, typeof content === 'string' ? content : JSON.stringify(content));
  await rename(`${path}.new`, path);
}

async function keyringOf(...keys: object[]): Promise<KeyringFile> {
  await write({ keys });
  return KeyringFile.open(path);
}

beforeAll(async () => {
  Logger.overrideLogger(false);
  folder = await mkdtemp(join(tmpdir(), 'seal-'));
  path = join(folder, 'keyring.json');
});
afterAll(() => rm(folder, { recursive: true }));

describe('When a recipient is sealed', () => {
  test('then it is a JWE that names its key, fits the contract, shows nothing and opens for its own message', async () => {
    const keyring = await keyringOf(first, second);
    const jwe = await seal(keyring, RECIPIENT);
    expect(jwe).toMatch(JWE);
    expect(decodeProtectedHeader(jwe)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: first.kid });
    expect(Buffer.from(jwe, 'base64url').toString('latin1')).not.toContain('rosa');
    expect(await seal(keyring, RECIPIENT)).not.toBe(jwe);
    expect(await openSeal(keyring, jwe, { ...BINDING, emailId: 'whatever the sender chose' })).toEqual(RECIPIENT);
  });

  test.each(['tenantId', 'contactId', 'purpose', 'expungeId'] as const)(
    'then another %s does not open it',
    async (field) => {
      const keyring = await keyringOf(first);
      const jwe = await seal(keyring, RECIPIENT);
      await expect(openSeal(keyring, jwe, { ...BINDING, [field]: 'another' })).rejects.toThrow(SealMismatch);
      await expect(openSeal(keyring, jwe, { ...BINDING, [field]: undefined as never })).rejects.toThrow(SealMismatch);
    },
  );

  test('then one that names neither request nor mail opens for nobody', async () => {
    const keyring = await keyringOf(first);
    const jwe = await seal(keyring, { ...RECIPIENT, expungeId: undefined });
    await expect(openSeal(keyring, jwe, BINDING)).rejects.toThrow(SealMismatch);
  });

  test('then one bound to a mail opens for that mail only', async () => {
    const keyring = await keyringOf(first);
    const jwe = await seal(keyring, { ...RECIPIENT, expungeId: undefined, emailId: 'mail-1' });
    expect(await openSeal(keyring, jwe, { ...BINDING, emailId: 'mail-1' })).toMatchObject({ address: ADDRESS });
    await expect(openSeal(keyring, jwe, { ...BINDING, emailId: 'mail-2' })).rejects.toThrow(SealMismatch);
  });
});

describe('When a seal cannot be opened', () => {
  const damaged = async (keyring: KeyringFile): Promise<string> => {
    const parts = (await seal(keyring, RECIPIENT)).split('.');
    const bytes = Buffer.from(parts[3]!, 'base64url');
    bytes[0]! ^= 1;
    return [...parts.slice(0, 3), bytes.toString('base64url'), parts[4]].join('.');
  };
  const swappedHeader = async (keyring: KeyringFile): Promise<string> => {
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: second.kid })).toString('base64url');
    return [header, ...(await seal(keyring, RECIPIENT)).split('.').slice(1)].join('.');
  };
  const otherContent = (): Promise<string> =>
    new CompactEncrypt(new TextEncoder().encode(ADDRESS))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: first.kid })
      .encrypt(Buffer.from(first.k, 'base64url'));
  const otherMethod = (): Promise<string> =>
    new CompactEncrypt(new TextEncoder().encode(JSON.stringify(RECIPIENT)))
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', kid: first.kid })
      .encrypt(Buffer.from(first.k, 'base64url'));

  test.each<[string, (keyring: KeyringFile) => Promise<string>]>([
    ['a changed byte', damaged],
    ['another kid in the header', swappedHeader],
    ['something else inside', otherContent],
    ['another method', otherMethod],
    ['no JWE at all', () => Promise.resolve('a.b.c.d.e')],
  ])('then %s is reported as damaged, without a word of it', async (_, make) => {
    const keyring = await keyringOf(first, second);
    const error = await openSeal(keyring, await make(keyring), BINDING).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SealUnreadable);
    expect(error).toMatchObject({ reason: 'damaged' });
    expect(JSON.stringify(safeError(error))).not.toContain('rosa');
  });

  test('then a key that was destroyed is reported as unknown', async () => {
    const jwe = await seal(await keyringOf(first), RECIPIENT);
    await expect(openSeal(await keyringOf(second), jwe, BINDING)).rejects.toMatchObject({ reason: 'unknown-key' });
  });
});

describe('When the keyring file changes', () => {
  test('then the new first key seals at once and the old one still opens', async () => {
    const keyring = await keyringOf(first);
    const old = await seal(keyring, RECIPIENT);
    await write({ keys: [second, first] });
    expect(decodeProtectedHeader(await seal(keyring, RECIPIENT)).kid).toBe(second.kid);
    expect(await openSeal(keyring, old, BINDING)).toEqual(RECIPIENT);
  });

  test('then a file that cannot be used leaves the known keys in use until it is mended', async () => {
    const keyring = await keyringOf(first);
    for (const broken of ['{', { keys: [] }, { keys: [{ kid: 'x', k: 'short' }] }]) {
      await write(broken);
      expect((await keyring.current()).kid).toBe(first.kid);
    }
    await rm(path);
    expect((await keyring.current()).kid).toBe(first.kid);
    await write({ keys: [second] });
    expect((await keyring.current()).kid).toBe(second.kid);
  });
});

describe('When a service starts with an unusable keyring', () => {
  test.each<[string, unknown, string]>([
    ['text', 'not json', 'not JSON'],
    ['no list', {}, 'not JSON with a list'],
    ['no key', { keys: [] }, 'no key'],
    ['a short key', { keys: [{ kid: 'a', k: 'AAAA' }] }, '32 bytes'],
    ['no kid', { keys: [{ k: first.k }] }, 'no usable kid'],
    ['a kid twice', { keys: [first, first] }, 'twice'],
  ])('then %s is refused', async (_, content, message) => {
    await write(content);
    await expect(KeyringFile.open(path)).rejects.toThrow(message);
  });

  test('then a missing file is refused', async () => {
    await expect(KeyringFile.open(join(folder, 'nothing'))).rejects.toThrow('cannot be read');
  });
});
