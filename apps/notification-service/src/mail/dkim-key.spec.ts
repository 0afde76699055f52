import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { loadConfig, startApp } from '#service';
import { aFile, dkim, keyringPath, MAIL_DOMAIN, pem, SELECTOR } from '../../test/make.js';
import { AppModule } from '../app.module.js';
import { NotificationConfig } from '../config.js';
import { readDkimKey, UnusableDkimKey } from './dkim-key.js';

const small = generateKeyPairSync('rsa', { modulusLength: 1_024 });
const unusable: [string, string][] = [
  ['is Ed25519', pem(generateKeyPairSync('ed25519').privateKey)],
  ['is RSA-PSS', pem(generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).privateKey)],
  ['is cut off', pem(dkim.privateKey).slice(0, 400)],
  ['is not a key', 'hello'],
  ['has 1024 bits', pem(small.privateKey)],
  ['is the public half', dkim.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
];

const start = (keyFile: string) =>
  startApp(
    AppModule.forConfig(
      loadConfig(NotificationConfig, {
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: '0',
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        KAFKA_BROKERS: '127.0.0.1:1',
        OIDC_ISSUER: 'http://127.0.0.1:1',
        OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
        LOG_LEVEL: 'silent',
        SEAL_KEYRING_FILE: keyringPath,
        SMTP_URL: 'smtp://127.0.0.1:1',
        MAIL_DOMAIN,
        DKIM_SELECTOR: SELECTOR,
        DKIM_KEY_FILE: keyFile,
      }),
    ),
  );

describe('the DKIM key', () => {
  it('When it is RSA of 2048 bits, then it is taken', () => {
    expect(readDkimKey(aFile(pem(dkim.privateKey))).asymmetricKeyType).toBe('rsa');
  });

  it.each(unusable)('When the key %s, then the service refuses to start', async (_what, content) => {
    await expect(start(aFile(content))).rejects.toBeInstanceOf(UnusableDkimKey);
  });
});
