import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { loadConfig, startApp } from '#service';
import { aFile, dkim, dkimFile, keyringPath, MAIL_DOMAIN, ownDkim, pem } from '../../test/make.js';
import { AppModule } from '../app.module.js';
import { NotificationConfig } from '../config.js';
import { readDkimKey, UnusableDkimKey } from './dkim-key.js';
import { DkimKeys } from './dkim-keys.js';

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
const small = generateKeyPairSync('rsa', { modulusLength: 1_024 });
const withKey = (privateKey: string): string => dkimFile({ ...ownDkim(), privateKey });
const other = (given: object = {}) => ({ ...ownDkim(), domain: 'client.example', ...given });

const unusable: [string, string][] = [
  ['holds an Ed25519 key', withKey(pem(generateKeyPairSync('ed25519').privateKey))],
  ['holds an RSA-PSS key', withKey(pem(generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).privateKey))],
  ['holds half a key', withKey(pem(dkim.privateKey).slice(0, 400))],
  ['holds no key', withKey('hello')],
  ['holds a key of 1024 bits', withKey(pem(small.privateKey))],
  ['holds the public half', withKey(dkim.publicKey.export({ type: 'spki', format: 'pem' }).toString())],
  ['holds an unusable key of a client', dkimFile(ownDkim(), other({ privateKey: pem(small.privateKey) }))],
  ['has no key for the own domain', dkimFile(other())],
  ['names a domain twice', dkimFile(ownDkim(), ownDkim())],
  ['names no domain', dkimFile(ownDkim(), other({ domain: 'not a domain' }))],
  ['has a selector with a line end', dkimFile(ownDkim(), other({ selector: 'a\r\nb' }))],
  ['is cut off', dkimFile(ownDkim()).slice(0, -20)],
  ['is null', 'null'],
];

const start = (keysFile: string) =>
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
        DKIM_KEYS_FILE: keysFile,
      }),
    ),
  );

describe('the file of DKIM keys', () => {
  it.each(unusable)('When it %s, then the service refuses to start', async (_what, content) => {
    await expect(start(aFile(content))).rejects.toBeInstanceOf(UnusableDkimKey);
  });

  it('When a key is refused, then the error holds nothing of it', () => {
    const broken = pem(dkim.privateKey).slice(0, 400);
    let said = '';
    try {
      readDkimKey(broken);
    } catch (error) {
      said = `${String(error)} ${String((error as Error).cause)}`;
    }
    expect(said).toMatch(/not a private key/);
    expect(said).not.toContain(broken.slice(40, 60));
  });
});

describe('the key of a domain', () => {
  let clients: string;

  beforeAll(() => {
    clients = pem(newKey());
  });

  it('When the domain has one, in whatever spelling, then it is that; else the own one', async () => {
    const umlaut = other({ domain: 'Müller.example', selector: 'm', privateKey: clients });
    const keys = await DkimKeys.open(aFile(dkimFile(ownDkim(), umlaut)), MAIL_DOMAIN.toUpperCase());
    for (const spelling of ['müller.example', 'MÜLLER.example', 'xn--mller-kva.example']) {
      expect(await keys.keyFor(spelling)).toMatchObject({ domain: 'xn--mller-kva.example', selector: 'm' });
    }
    for (const without of [undefined, 'none.example', '', 'a b']) {
      expect((await keys.keyFor(without)).domain).toBe(MAIL_DOMAIN);
    }
  });

  it.each(unusable)('When the changed file %s, then the known keys stay in use', async (_what, content) => {
    const path = aFile(dkimFile(ownDkim(), other({ privateKey: clients })));
    const keys = await DkimKeys.open(path, MAIL_DOMAIN, { trustMs: 0 });
    const before = [await keys.keyFor(), await keys.keyFor('client.example')];
    writeFileSync(path, content);
    expect([await keys.keyFor(), await keys.keyFor('client.example')]).toEqual(before);
  });

  it('When only another entry changes, then a key is not parsed again', async () => {
    const path = aFile(dkimFile(ownDkim(), other({ privateKey: clients })));
    const keys = await DkimKeys.open(path, MAIL_DOMAIN, { trustMs: 0 });
    const { privateKey } = await keys.keyFor('client.example');
    writeFileSync(path, dkimFile({ ...ownDkim(), selector: 'next' }, other({ privateKey: clients })));
    expect((await keys.keyFor()).selector).toBe('next');
    expect((await keys.keyFor('client.example')).privateKey).toBe(privateKey);
  });
});
