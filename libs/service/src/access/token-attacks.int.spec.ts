import { createHmac, createPublicKey } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { createTestDatabase } from '../../../../test/support/database.js';
import { type RunningApp, startApp } from '../start-app.js';
import { TestIssuer, testModule } from '../../test/test-service.js';
import { Caller, TenantCaller } from './caller.js';

@Controller('v1/things')
class ThingsController {
  @Get()
  who(@Caller() caller: TenantCaller): object {
    return caller;
  }
}

let issuer: TestIssuer;
let service: RunningApp;
let attacker: { key: CryptoKey; jwk: JWK };
/** What the attacker's own server was asked for. */
const asked: string[] = [];
const attackersServer = createServer((request, response) => {
  asked.push(String(request.url));
  response.end(JSON.stringify({ keys: [attacker.jwk] }));
});
const attackersUrl = (): string => `http://127.0.0.1:${(attackersServer.address() as AddressInfo).port}/jwks`;

beforeAll(async () => {
  const { appUrl } = await createTestDatabase();
  issuer = await TestIssuer.start();
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  attacker = { key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'evil', alg: 'ES256', use: 'sig' } };
  await new Promise<void>((resolve) => attackersServer.listen(0, '127.0.0.1', resolve));
  const encryption = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  issuer.publish({ ...(await exportJWK(encryption.publicKey)), kid: 'encrypts', use: 'enc', alg: 'RSA-OAEP-256' });
  issuer.publish({ ...attacker.jwk, kid: 'for-encryption', use: 'enc' });
  issuer.publish({ ...attacker.jwk, kid: 'for-wrapping', key_ops: ['wrapKey'], use: undefined });
  issuer.publish({ ...attacker.jwk, kid: 'for-another-alg', alg: 'ES384' });
  issuer.publish({ kty: 'oct', kid: 'shared', k: Buffer.from(SHARED).toString('base64url'), alg: 'HS256' });
  const routes = { 'GET /v1/things': ['recruiter'] } as const;
  service = await startApp(testModule({ ...issuer.env, DATABASE_URL: appUrl }, [ThingsController], { routes }));
  await service.usable();
});

afterAll(async () => {
  await service.stop();
  await issuer.stop();
  attackersServer.close();
});

const SHARED = 'a secret of thirty-two characters';
const call = (token: string): Promise<Response> =>
  fetch(`${service.url}/v1/things`, { headers: { authorization: `Bearer ${token}` } });
const now = (): number => Math.floor(Date.now() / 1000);
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token made by hand, for what no library would sign. */
async function forged(header: Record<string, unknown>, sign: (signed: string) => string): Promise<string> {
  const [, payload] = (await issuer.sign()).split('.');
  const signed = `${encoded({ alg: 'HS256', typ: 'at+jwt', kid: 'first', ...header })}.${payload}`;
  return `${signed}.${sign(signed)}`;
}
const hmac = (secret: string) => (signed: string) => createHmac('sha256', secret).update(signed).digest('base64url');
const jwk = (): JWK => issuer.publicKeys.find((key) => key.kid === 'first')!;
const pem = (): string =>
  createPublicKey({ key: jwk(), format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();

/** Signed by the attacker, who offers the key in the header. */
const offering = (header: Record<string, unknown>): Promise<string> => issuer.sign({}, header, attacker.key);

const otherPayload = async (): Promise<string> => {
  const [header, , signature] = (await issuer.sign()).split('.');
  const [, payload] = (await issuer.sign({ roles: ['privacy-officer'] })).split('.');
  return `${header}.${payload}.${signature}`;
};

const ATTACKS: [string, () => Promise<string>][] = [
  ['alg none', () => forged({ alg: 'none' }, () => '')],
  ['alg None', () => forged({ alg: 'None' }, () => '')],
  ['no signature', () => forged({ alg: 'ES256' }, () => '')],
  ['HS256 with the public key as PEM', () => forged({}, hmac(pem()))],
  ['HS256 with the public key as JWK', () => forged({}, hmac(JSON.stringify(jwk())))],
  ['HS256 with the thumbprint of the key', async () => forged({}, hmac(await calculateJwkThumbprint(jwk())))],
  ['HS256 with a secret the provider published', () => forged({ kid: 'shared' }, hmac(SHARED))],
  ['the signature of another payload', otherPayload],
  ['another audience', () => issuer.sign({ aud: 'other' })],
  ['no audience', () => issuer.sign({ aud: undefined })],
  ['another issuer', () => issuer.sign({ iss: 'http://evil.test' })],
  ['another issuer and no tenant', () => issuer.sign({ iss: 'http://evil.test', tenant_id: undefined })],
  ['an id token (typ JWT)', () => issuer.sign({}, { typ: 'JWT' })],
  ['no typ', () => issuer.sign({}, { typ: undefined })],
  ['expired', () => issuer.sign({ exp: now() - 60 })],
  ['no expiry', () => issuer.sign({ exp: undefined })],
  ['an expiry that is no number', () => issuer.sign({ exp: String(now() + 300) })],
  ['not valid yet', () => issuer.sign({ nbf: now() + 60 })],
  ['no subject', () => issuer.sign({ sub: undefined })],
  ['a NUL in the subject', () => issuer.sign({ sub: 'user\0' })],
  ['an escape in the subject', () => issuer.sign({ sub: '\u001b[2J' })],
  ['half a character in the subject', () => issuer.sign({ sub: 'user\ud800' })],
  ['a subject of 256 characters', () => issuer.sign({ sub: 'x'.repeat(256) })],
  ['an unknown key', () => issuer.sign({}, { kid: 'evil' }, attacker.key)],
  ['a known key id and another key', () => issuer.sign({}, {}, attacker.key)],
  ['a key id that is no text', () => forged({ alg: 'ES256', kid: { a: 1 } }, hmac('x'))],
  ['a published key for encryption', () => issuer.sign({}, { kid: 'for-encryption' }, attacker.key)],
  ['a published key for other operations', () => issuer.sign({}, { kid: 'for-wrapping' }, attacker.key)],
  ['a published key for another algorithm', () => issuer.sign({}, { kid: 'for-another-alg' }, attacker.key)],
  ['jwk: the key in the header', () => offering({ jwk: attacker.jwk })],
  ['jwk, without a key id', () => offering({ jwk: attacker.jwk, kid: undefined })],
  ['jku: the address of the keys in the header', () => offering({ jku: attackersUrl(), kid: 'evil' })],
  ['x5u: the address of a certificate', () => offering({ x5u: attackersUrl(), kid: 'evil' })],
  ['x5c: a certificate in the header', () => offering({ x5c: [encoded(attacker.jwk)] })],
  ['a critical header we do not know', () => forged({ alg: 'ES256', crit: ['x'], x: 1 }, hmac('x'))],
  ['a payload that is no object', async () => (await issuer.sign()).replace(/\.[^.]*\./, `.${encoded([])}.`)],
  ['not a token', () => Promise.resolve('abc')],
];

describe('When a token does not prove who calls', () => {
  test.each(ATTACKS)('then %s is answered 401 with a challenge and no reason', async (_, make) => {
    const response = await call(await make());
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await response.json()).toEqual({
      type: 'urn:contact-expunge:problem:unauthorized',
      title: 'A valid access token is needed.',
      status: 401,
      code: 'unauthorized',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  test('then nobody else is asked for keys', () => expect(asked).toEqual([]));
});

describe('When a good token comes another way', () => {
  const status = (path: string, headers: Record<string, string | string[]>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${service.url}${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject).end();
    });

  test('then it counts only as the one bearer token of the one header', async () => {
    const token = await issuer.sign();
    const bearer = `Bearer ${token}`;
    expect(await status('/v1/things', { authorization: bearer })).toBe(200);
    expect(await status(`/v1/things?access_token=${token}`, {})).toBe(401);
    expect(await status('/v1/things', { cookie: `access_token=${token}; authorization=${bearer}` })).toBe(401);
    expect(await status('/v1/things', { 'x-authorization': bearer, 'proxy-authorization': bearer })).toBe(401);
    expect(await status('/v1/things', { authorization: [bearer, bearer] })).toBe(401);
    expect(await status('/v1/things', { authorization: [bearer, 'Bearer abc'] })).toBe(401);
    expect(await status('/v1/things', { authorization: `${bearer}, ${bearer}` })).toBe(401);
    expect(await status('/v1/things', { authorization: `Basic ${token}` })).toBe(401);
  });

  test('then one of 20 kB is refused before it is read', async () => {
    const large = await issuer.sign({ filling: 'x'.repeat(15_000) });
    expect(large.length).toBeGreaterThan(20_000);
    expect(await status('/v1/things', { authorization: `Bearer ${large}` })).toBe(431);
  });
});
