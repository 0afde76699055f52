import { createServer, type Server } from 'node:http';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign, importJWK, type JWK } from 'jose';
import { Logger } from '@nestjs/common';
import { CERTIFICATE_TYP, type CertificateStatement, type ExpungeReason, RETENTION_MS } from '#contracts';
import { commit, loadConfig, newSalt, startApp } from '#service';
import { DEAD_LETTER_RETENTION_DAYS } from '#messaging';
import {
  aKey,
  aKeyFile,
  anExpunged,
  type PrivacyTestService,
  rowOf,
  startPrivacyService,
} from '../../test/privacy-test-service.js';
import { AppModule } from '../app.module.js';
import { PrivacyConfig } from '../config.js';
import { CertificateKeys, UnusableCertificateKeys } from './certificate-keys.js';
import { verifyCommand } from './verify-command.js';

const ADDRESS = 'Zoë@Example.com ';
const SALT = newSalt();

describe('The certificate', () => {
  let service: PrivacyTestService;
  let certificate: string;
  let payload: string;
  beforeAll(async () => {
    service = await startPrivacyService({ CONFIRMATION_GIVE_UP_DAYS: '21' });
    const request = await anExpunged(service, { subjectCommitment: commit(SALT, ADDRESS) });
    certificate = String((await rowOf(service, request)).certificate);
    payload = Buffer.from(certificate.split('.')[1]!, 'base64url').toString();
  });
  afterAll(() => service.stop());

  const aFile = async (content: string): Promise<string> => {
    const path = join(await mkdtemp(join(tmpdir(), 'certificate-')), 'certificate.jws');
    await writeFile(path, content);
    return path;
  };
  const verify = async (content: string, ...more: string[]) =>
    verifyCommand([await aFile(content), '--jwks', service.keysFile, ...more]);
  const signed = async (content: string, header: object = {}, key: JWK = service.keys[0]!) =>
    new CompactSign(Buffer.from(content))
      .setProtectedHeader({ alg: 'EdDSA', typ: CERTIFICATE_TYP, kid: key.kid, ...header })
      .sign(await importJWK(key, 'EdDSA'));

  it('When it is checked as it was sent, then it is valid and readable', async () => {
    const { exitCode, text } = await verify(`\n ${certificate} \n`);
    expect(exitCode).toBe(0);
    for (const words of ['The certificate is valid.', 'contact-service: erased', 'rows: 2 deleted, 0 left'])
      expect(text).toContain(words);
  });

  const keptAccordingTo = async (given: object): Promise<string[]> => {
    const row = await rowOf(service, await anExpunged(service, given));
    const text = Buffer.from(String(row.certificate).split('.')[1]!, 'base64url').toString();
    return (JSON.parse(text) as CertificateStatement).kept.map(({ what, why }) => `${what} ${why}`);
  };

  it('When there is an address, then it names the encrypted copies, each with its end, and where the salt stands', async () => {
    const kept = await keptAccordingTo({ subjectCommitment: commit(SALT, ADDRESS) });
    const copies = kept.find((text) => text.includes('encrypted copies'));
    expect(copies).toContain(`between the systems ${RETENTION_MS / 86_400_000} days after they were sent`);
    expect(copies).toContain(`could not handle, after ${DEAD_LETTER_RETENTION_DAYS} days at the latest`);
    expect(copies).toContain('21 days after completion at the latest');
    expect(copies).toContain('So that the confirmation mail can be sent');
    expect(kept.join(' ')).toContain('The salt is not kept in readable form anywhere but in the mail to you.');
  });

  it('When there is an address, then it says until when a fingerprint of it is kept, by the reason of the removal', async () => {
    const yearOf = async (reason: ExpungeReason): Promise<string | undefined> => {
      const kept = await keptAccordingTo({ reason, subjectCommitment: commit(SALT, ADDRESS) });
      return /keyed fingerprint .* until (\d{4})-\d\d-\d\d,.*cannot add you again by mistake.*nobody is asked at your address/.exec(
        kept.join('\n'),
      )?.[1];
    };
    const year = new Date().getUTCFullYear();
    expect(Number(await yearOf('account-deleted')) - year).toBeGreaterThanOrEqual(2);
    expect(Number(await yearOf('no-opt-in')) - year).toBeLessThanOrEqual(1);
  });

  it('When there is no address, then nothing is said of copies or a salt', async () => {
    const kept = await keptAccordingTo({ sealedRecipient: undefined, subjectCommitment: undefined });
    expect(kept).toHaveLength(3);
    expect(kept.join(' ')).not.toMatch(/encrypted|salt|fingerprint/);
  });

  it('When the holder of an address asked for it, then the report says so in words', async () => {
    const given = { reason: 'requested-by-address', requestedBy: 'address-holder' } as const;
    const { certificate: jws } = await rowOf(service, await anExpunged(service, given));
    const { exitCode, text } = await verify(String(jws));
    expect([exitCode, text]).toEqual([0, expect.stringContaining('the holder of the email address asked')]);
  });

  it('When it is signed again with the same content, also by a retired key, then it is valid', async () => {
    expect((await verify(await signed(payload))).exitCode).toBe(0);
    expect((await verify(await signed(payload, {}, service.keys[1]))).exitCode).toBe(0);
  });

  it('When the address and salt are those of the person, then it says so; with any other it does not pass', async () => {
    const mine = await verify(certificate, '--email', ' zoë@EXAMPLE.com', '--salt', SALT);
    expect([mine.exitCode, mine.text]).toEqual([0, expect.stringContaining('It is about this address.')]);
    const other = await verify(certificate, '--email', 'other@example.com', '--salt', SALT);
    expect([other.exitCode, other.text]).toEqual([1, expect.stringContaining('not about this address')]);
    expect((await verify(certificate, '--email', ADDRESS, '--salt', newSalt())).exitCode).toBe(1);
  });

  it('When the salt begins with a dash, then it is a salt like any other', async () => {
    const salt = `-${SALT.slice(1)}`;
    const row = await rowOf(service, await anExpunged(service, { subjectCommitment: commit(salt, ADDRESS) }));
    const { exitCode, text } = await verify(String(row.certificate), '--email', ADDRESS, '--salt', salt);
    expect([exitCode, text]).toEqual([0, expect.stringContaining('It is about this address.')]);
  });

  const [tampered, none, hmac, wrongTyp, noTyp, stranger, otherKid, noKid, incomplete, empty, other] = [
    () =>
      certificate.replace(
        /\.[^.]+\./,
        `.${Buffer.from(payload.replace('"erased":2', '"erased":3')).toString('base64url')}.`,
      ),
    () =>
      `${Buffer.from(JSON.stringify({ alg: 'none', typ: CERTIFICATE_TYP, kid: 'current' })).toString('base64url')}.${certificate.split('.')[1]}.`,
    () =>
      certificate.replace(
        /^[^.]+/,
        Buffer.from(JSON.stringify({ alg: 'HS256', typ: CERTIFICATE_TYP, kid: 'current' })).toString('base64url'),
      ),
    () => signed(payload, { typ: 'JWT' }),
    () => signed(payload, { typ: undefined }),
    () => signed(payload, { kid: 'current' }, aKey('x')),
    () => signed(payload, {}, aKey('x')),
    () => signed(payload, { kid: undefined }),
    () => signed(payload.replace('"remaining":0', '"remaining":1')),
    () => signed('{}'),
    () => 'hello',
  ];
  it.each([
    ['its content was changed', tampered],
    ['it says alg none', none],
    ['it says another algorithm', hmac],
    ['it is of another type', wrongTyp],
    ['it is of no type', noTyp],
    ['somebody else signed it with our kid', stranger],
    ['its key is not in the list', otherKid],
    ['it names no key', noKid],
    ['it does not prove a complete removal', incomplete],
    ['it says nothing', empty],
    ['it is something else', other],
  ])('When %s, then it is not valid, said in one sentence', async (_, make) => {
    const { exitCode, text } = await verify(await make());
    expect(exitCode).toBe(1);
    expect(text).toMatch(/^[A-Z][^\n]+\.$/);
  });

  it('When the command is used wrongly, then it says how in one sentence and exits with 2', async () => {
    const file = await aFile(certificate);
    const wrong = [
      [],
      [file, file],
      [file, '--email', 'a@b.c'],
      [file, '--what'],
      ['/nowhere', '--jwks', service.keysFile],
    ];
    for (const args of [
      ...wrong,
      [file, '--jwks', '/nowhere'],
      [file, '--jwks', file],
      [file, '--jwks', 'http://127.0.0.1:1/'],
    ]) {
      const { exitCode, text } = await verifyCommand(args);
      expect([exitCode, text]).toEqual([2, expect.stringMatching(/^[A-Z-][^\n]+\.$/)]);
    }
    expect(await verifyCommand(['--help'])).toMatchObject({ exitCode: 0, text: expect.stringContaining('--salt') });
  });

  it('When the keys are fetched from the service, then the certificate is valid and no private part is published', async () => {
    const address = `${service.url}/.well-known/jwks.json`;
    expect((await verifyCommand([await aFile(certificate), '--jwks', address])).exitCode).toBe(0);
    const response = await fetch(address);
    const published = (await response.json()) as { keys: JWK[] };
    expect(published.keys.map(({ kid }) => kid)).toEqual(['current', 'retired']);
    expect(published.keys.flatMap(Object.keys)).not.toContain('d');
    expect(response.headers.get('cache-control')).toContain('max-age');
  });

  it('When the answer at the address of the keys is an error, then it could not be checked', async () => {
    const server: Server = createServer((_, response) => response.writeHead(500).end('{"keys":[]}')).listen(
      0,
      '127.0.0.1',
    );
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { exitCode } = await verifyCommand([await aFile(certificate), '--jwks', address]);
    server.close();
    expect(exitCode).toBe(2);
  });
});

describe('Certificate keys', () => {
  const configWith = (path: string): PrivacyConfig =>
    loadConfig(PrivacyConfig, {
      HTTP_PORT: '0',
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      KAFKA_BROKERS: '127.0.0.1:1',
      OIDC_ISSUER: 'http://127.0.0.1:1',
      OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
      LOG_LEVEL: 'silent',
      CERTIFICATE_ISSUER: 'https://privacy.example',
      CERTIFICATE_KEYS_FILE: path,
    });
  const publicOnly = ({ kty, crv, x, kid }: JWK) => ({ kty, crv, x, kid }) as JWK;

  it('When a key is added in front, then it signs from then on and the old one stays published', async () => {
    const old = aKey('old');
    const path = await aKeyFile(old);
    const keys = await CertificateKeys.open(path);
    expect((await keys.signing()).kid).toBe('old');
    await rename(await aKeyFile(aKey('new'), publicOnly(old)), path);
    expect((await keys.signing()).kid).toBe('new');
    expect((await keys.published()).map(({ kid }) => kid)).toEqual(['new', 'old']);
  });

  it('When the file is damaged later, then the known keys stay in use', async () => {
    const path = await aKeyFile(aKey('old'));
    const keys = await CertificateKeys.open(path);
    await writeFile(path, '{"keys":[{"kty"');
    expect((await keys.signing()).kid).toBe('old');
  });

  it('When the file is missing for a while, then it is logged once, the known keys stay, and it is taken up when it is back', async () => {
    const path = await aKeyFile(aKey('old'));
    const keys = await CertificateKeys.open(path);
    const logged: unknown[] = [];
    const ignore = () => {};
    Logger.overrideLogger({ log: ignore, warn: ignore, error: (entry) => logged.push(entry) });
    await rename(path, `${path}.away`);
    for (let use = 0; use < 3; use++) expect((await keys.signing()).kid).toBe('old');
    expect(logged).toEqual([expect.objectContaining({ file: 'certificate keys' })]);
    await rename(await aKeyFile(aKey('new')), path);
    expect((await keys.signing()).kid).toBe('new');
    Logger.overrideLogger(false);
  });

  it.each<[string, () => unknown]>([
    ['no key', () => []],
    ['no private key', () => [publicOnly(aKey('a'))]],
    ['a private key that is not the current one', () => [publicOnly(aKey('a')), aKey('b')]],
    ['two keys of one name', () => [aKey('a'), aKey('a')]],
    ['halves of two keys', () => [{ ...aKey('a'), x: aKey('b').x }]],
    ['a key of another kind', () => [{ kty: 'oct', k: 'AAAA', kid: 'a' }]],
    ['a key without a name', () => [aKey(undefined as unknown as string)]],
    ['a damaged key', () => [{ ...aKey('a'), d: 'AAAA' }]],
    ['something else', () => [null]],
  ])('When the file holds %s, then the service does not start', async (_, keys) => {
    const path = await aKeyFile(...(keys() as JWK[]));
    await expect(startApp(AppModule.forConfig(configWith(path)))).rejects.toThrow(UnusableCertificateKeys);
  });
});
