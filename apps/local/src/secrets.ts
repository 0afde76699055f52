import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JWK, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { DATABASE_NAMES } from './catalogue.js';
import { ensurePassword, writePrivateJson } from './databases.js';

/** Mails of clients without a key of their own are sent from here. */
export const MAIL_DOMAIN = 'mail.contact-expunge.example';

/** Files that services read; made once, readable by their owner only, kept between starts. */
export interface Secrets {
  /** `{"keys":[{"kid","k"}]}`, k = 32 random bytes in base64url; the current key first. */
  sealKeyringFile: string;
  /** The same form with one key, which never changes. */
  suppressionKeyFile: string;
  /** JWKS with private Ed25519 keys; the current one first. */
  certificateKeysFile: string;
  /** The public part of it. */
  certificateJwksFile: string;
  /** `{"keys":[{"domain","selector","privateKey"}]}`, RSA-2048 as PKCS#8 PEM, one for each sender domain. */
  dkimKeysFile: string;
}

/** Makes the files that are missing in `dir` (mode 700) and returns where all of them are. */
export async function ensureSecrets(dir: string): Promise<Secrets> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secrets: Secrets = {
    sealKeyringFile: join(dir, 'seal-keyring.json'),
    suppressionKeyFile: join(dir, 'suppression-key.json'),
    certificateKeysFile: join(dir, 'certificate-keys.json'),
    certificateJwksFile: join(dir, 'certificate-jwks.json'),
    dkimKeysFile: join(dir, 'dkim-keys.json'),
  };
  if (!existsSync(secrets.sealKeyringFile)) writePrivateJson(secrets.sealKeyringFile, newKeyring());
  if (!existsSync(secrets.suppressionKeyFile)) writePrivateJson(secrets.suppressionKeyFile, newKeyring());
  if (!existsSync(secrets.certificateKeysFile)) {
    writePrivateJson(secrets.certificateKeysFile, { keys: [await newCertificateKey()] });
  }
  writePrivateJson(secrets.certificateJwksFile, publicPart(secrets.certificateKeysFile));
  if (!existsSync(secrets.dkimKeysFile)) writePrivateJson(secrets.dkimKeysFile, { keys: [newDkimKey()] });
  return secrets;
}

/** All secrets of a system in containers: in `keys` what services read, in `admin` what they may not. */
export async function ensureAllSecrets(keys: string, admin: string): Promise<void> {
  await ensureSecrets(keys);
  mkdirSync(admin, { recursive: true, mode: 0o700 });
  superuserPasswordIn(admin);
  for (const name of DATABASE_NAMES) {
    ensurePassword(join(keys, `${name}_app.password`));
    ensurePassword(join(admin, `${name}_owner.password`));
  }
}

export const superuserPasswordIn = (admin: string): string => ensurePassword(join(admin, 'superuser-password'));

function newKeyring(): { keys: { kid: string; k: string }[] } {
  return { keys: [{ kid: randomBytes(8).toString('hex'), k: randomBytes(32).toString('base64url') }] };
}

async function newCertificateKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, kid: await calculateJwkThumbprint(key), alg: 'EdDSA', use: 'sig' };
}

function publicPart(file: string): { keys: JWK[] } {
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: JWK[] };
  return { keys: keys.map(({ kty, crv, x, kid, alg, use }) => ({ kty, crv, x, kid, alg, use })) };
}

function newDkimKey(): { domain: string; selector: string; privateKey: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { domain: MAIL_DOMAIN, selector: 'local', privateKey: pem };
}
