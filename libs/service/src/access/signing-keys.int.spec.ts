import { Controller, Get } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { waitUntil } from '#local';
import { createTestDatabase } from '../../../../test/support/database.js';
import { type RunningApp, startApp } from '../start-app.js';
import { TestIssuer, testModule } from '../../test/test-service.js';

@Controller('v1/things')
class ThingsController {
  @Get()
  list(): object {
    return [];
  }
}

let appUrl: string;
let issuer: TestIssuer;
const running: RunningApp[] = [];

beforeAll(async () => {
  ({ appUrl } = await createTestDatabase());
});
beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => issuer.stop());
afterAll(() => Promise.all(running.map((service) => service.stop())));

async function aService(env: Record<string, string>): Promise<(token: string) => Promise<number>> {
  const routes = { 'GET /v1/things': ['recruiter'] } as const;
  const service = await startApp(testModule({ ...env, DATABASE_URL: appUrl }, [ThingsController], { routes }));
  running.push(service);
  await service.usable();
  return async (token) =>
    (await fetch(`${service.url}/v1/things`, { headers: { authorization: `Bearer ${token}` } })).status;
}

/** The provider is asked again for an unknown key only after a cool-down, counted from the last successful fetch. */
const untilAccepted = (statusOf: (token: string) => Promise<number>, token: string): Promise<unknown> =>
  waitUntil(async () => (await statusOf(token)) === 200 || undefined, {
    what: 'the token is accepted',
    timeoutMs: 30_000,
  });

describe('When the identity provider rotates its keys', () => {
  test('then the new one is accepted without a restart, and the withdrawn one is not, also for a token seen before', async () => {
    const statusOf = await aService(issuer.env);
    const before = await issuer.sign();
    expect([await statusOf(before), await statusOf(before)]).toEqual([200, 200]);
    await issuer.addKey('EdDSA', 'second');
    await issuer.addKey('RS256', 'third');
    issuer.withdraw('first');
    await untilAccepted(statusOf, await issuer.sign({}, { alg: 'EdDSA', kid: 'second' }));
    expect(await statusOf(await issuer.sign({}, { alg: 'RS256', kid: 'third' }))).toBe(200);
    expect(await statusOf(before)).toBe(401);
  });

  test('then another key under the same id replaces it, also for a token seen before', async () => {
    const statusOf = await aService(issuer.env);
    const before = await issuer.sign();
    expect(await statusOf(before)).toBe(200);
    issuer.withdraw('first');
    await issuer.addKey('ES256', 'first');
    await issuer.addKey('ES256', 'second');
    await untilAccepted(statusOf, await issuer.sign({}, { kid: 'second' }));
    expect([await statusOf(await issuer.sign()), await statusOf(before)]).toEqual([200, 401]);
  });
});

describe('When the identity provider is away', () => {
  test('then known keys go on, and a token with an unknown one is answered 401', async () => {
    const statusOf = await aService(issuer.env);
    const token = await issuer.sign();
    expect(await statusOf(token)).toBe(200);
    await issuer.stop();
    expect(await statusOf(token)).toBe(200);
    expect(await statusOf(await issuer.sign({ sub: 'user-2' }))).toBe(200);
    await issuer.addKey('ES256', 'second');
    expect(await statusOf(await issuer.sign({}, { kid: 'second' }))).toBe(401);
  });

  test('then a service that never reached it starts and answers 401', async () => {
    const statusOf = await aService({});
    expect(await statusOf(await issuer.sign())).toBe(401);
  });
});

test('When a token ends, then having been seen before does not keep it valid', async () => {
  const statusOf = await aService(issuer.env);
  // Its time is up already, but for the seconds that clocks may differ: the signature is checked at each request.
  const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) - 3 });
  expect(await statusOf(token)).toBe(200);
  await waitUntil(async () => (await statusOf(token)) === 401 || undefined, { what: 'it ends', timeoutMs: 30_000 });
});
