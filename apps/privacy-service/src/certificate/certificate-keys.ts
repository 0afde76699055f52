import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { CERTIFICATE_ALG } from '#contracts';
import { SafeMessageError } from '#messaging';
import { ReloadedFile } from '#service';
import type { PublicKey } from './public-keys.js';

export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

interface Keys {
  readonly signing: SigningKey;
  readonly published: readonly PublicKey[];
}

/** The key file cannot be used; the message says why and holds no key. */
export class UnusableCertificateKeys extends SafeMessageError {}

/**
 * Certificate keys from a JWKS file: the first key signs, all are published, retired ones may be public only.
 * A changed file is taken up at the next use; a change that cannot be read keeps the keys known so far.
 * Made by {@link CertificateKeys.open}, which throws {@link UnusableCertificateKeys}: the service does not start.
 */
export class CertificateKeys {
  private constructor(private readonly file: ReloadedFile<Keys>) {}

  static async open(path: string): Promise<CertificateKeys> {
    const unreadable = () => new UnusableCertificateKeys('The file of certificate keys cannot be read.');
    return new CertificateKeys(await ReloadedFile.open(path, parseKeys, { name: 'certificate keys', unreadable }));
  }

  /** The key new certificates are signed with. */
  async signing(): Promise<SigningKey> {
    return (await this.file.value()).signing;
  }

  async published(): Promise<readonly PublicKey[]> {
    return (await this.file.value()).published;
  }
}

function parseKeys(text: string): Keys {
  const entries = listOfKeys(text);
  const published = entries.map(publicPart);
  if (new Set(published.map(({ kid }) => kid)).size < published.length)
    unusable('The certificate keys name a kid twice.');
  const [current] = published;
  if (!current) return unusable('The file of certificate keys has no key.');
  return { signing: { kid: current.kid, key: privatePart(entries[0]!, current) }, published };
}

function listOfKeys(text: string): JsonWebKey[] {
  try {
    const content = JSON.parse(text) as { keys?: unknown } | null;
    if (Array.isArray(content?.keys)) return content.keys as JsonWebKey[];
  } catch {
    // JSON.parse quotes the file in its message, and the file holds keys: say only that it is not JSON.
  }
  return unusable('The file of certificate keys is not JSON with a list of keys (RFC 7517).');
}

function publicPart(entry: JsonWebKey | null): PublicKey {
  const { kty, crv, x, kid } = entry ?? {};
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string')
    return unusable('A certificate key is not an Ed25519 key.');
  if (typeof kid !== 'string' || !/^[\w.-]{1,64}$/.test(kid)) return unusable('A certificate key has no usable kid.');
  try {
    createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  } catch {
    return unusable('A certificate key is damaged.');
  }
  return { kty, crv, x, kid, use: 'sig', alg: CERTIFICATE_ALG };
}

function privatePart({ d }: JsonWebKey, { kty, crv, x }: PublicKey): KeyObject {
  if (typeof d !== 'string')
    return unusable('The first certificate key has no private part, so nothing could be signed.');
  const key = importPrivate({ kty, crv, x, d });
  // With the wrong public half every certificate would be signed and none could be verified.
  if (createPublicKey(key).export({ format: 'jwk' }).x !== x)
    unusable('The parts of the first certificate key do not belong together.');
  return key;
}

function importPrivate(key: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key, format: 'jwk' });
  } catch {
    return unusable('The first certificate key is damaged.');
  }
}

function unusable(message: string): never {
  throw new UnusableCertificateKeys(message);
}
