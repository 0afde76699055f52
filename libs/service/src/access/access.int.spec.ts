import { createHmac } from 'node:crypto';
import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { createTestDatabase } from '../../../../test/support/database.js';
import { type RunningApp, startApp } from '../start-app.js';
import { TENANT, TestIssuer, testModule } from '../../test/test-service.js';
import { Caller, StaffCaller, TenantCaller, VerifiedCaller } from './caller.js';
import { Public, Roles } from './roles.js';

@Roles('recruiter')
@Controller('v1/things')
class ThingsController {
  @Get()
  who(@Caller() caller: TenantCaller): object {
    return caller;
  }

  @Roles('vendor-staff')
  @Get('staff')
  staff(@StaffCaller() caller: VerifiedCaller): object {
    return caller;
  }

  @Roles('vendor-staff', 'client-admin')
  @Get('tenant-of-staff')
  tenantOfStaff(@Caller() caller: TenantCaller): object {
    return caller;
  }

  @Public()
  @Get('open')
  open(): object {
    return { open: true };
  }
}

@Controller('v1/forgotten')
class ForgottenController {
  @Post('it')
  it(): void {}
}

let issuer: TestIssuer;
let service: RunningApp;

const call = (path: string, token?: string): Promise<Response> =>
  fetch(
    `${service.url}/v1/things${path}`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );

beforeAll(async () => {
  const { appUrl } = await createTestDatabase();
  issuer = await TestIssuer.start();
  service = await startApp(testModule({ ...issuer.env, DATABASE_URL: appUrl }, [ThingsController]));
  await service.usable();
});

afterAll(async () => {
  await service.stop();
  await issuer.stop();
});

describe('When a token is valid', () => {
  test('then the handler is told subject, tenant and roles', async () => {
    const response = await call('', await issuer.sign({ roles: ['recruiter', 'made-up'] }));
    expect(await response.json()).toEqual({ subject: 'user-1', tenantId: TENANT, roles: ['recruiter'] });
  });

  test('then a subject may be 255 characters of any language', async () => {
    const sub = 'ÿ'.repeat(255);
    expect(await (await call('', await issuer.sign({ sub }))).json()).toMatchObject({ subject: sub });
  });

  test('then an audience among several is enough, and RFC 9068 media type spelled out', async () => {
    const token = await issuer.sign({ aud: ['other', 'contact-expunge'] }, { typ: 'application/at+jwt' });
    expect((await call('', token)).status).toBe(200);
  });

  test('then vendor staff need no tenant, but reach no route that is bound to one', async () => {
    const token = await issuer.sign({ tenant_id: undefined, roles: ['vendor-staff'] });
    expect(await (await call('/staff', token)).json()).toEqual({ subject: 'user-1', roles: ['vendor-staff'] });
    expect((await call('/tenant-of-staff', token)).status).toBe(403);
  });

  test('then another role is answered 403 with a problem', async () => {
    const response = await call('/staff', await issuer.sign());
    expect(response.status).toBe(403);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'forbidden', status: 403 });
  });

  test('then a key added at the provider later is fetched', async () => {
    await issuer.addKey('EdDSA', 'second');
    await issuer.addKey('RS256', 'third');
    // The provider is asked again for an unknown key only after a cool-down, counted from the last successful fetch.
    const token = await issuer.sign({}, { alg: 'EdDSA', kid: 'second' });
    await expect(untilStatus(200, token)).resolves.toBe(200);
    expect((await call('', await issuer.sign({}, { alg: 'RS256', kid: 'third' }))).status).toBe(200);
  }, 30_000);
});

async function untilStatus(wanted: number, token: string): Promise<number> {
  for (;;) {
    const { status } = await call('', token);
    if (status === wanted) return status;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

const hs256WithPublicKey = async (): Promise<string> => {
  const secret = new TextEncoder().encode(await calculateJwkThumbprint(issuer.publicKeys[0]!));
  return issuer.sign({}, { alg: 'HS256' }, secret);
};

const unsigned = async (): Promise<string> => {
  const [, payload] = (await issuer.sign()).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
  return `${header}.${payload}.`;
};

const otherPayload = async (): Promise<string> => {
  const [header, , signature] = (await issuer.sign()).split('.');
  const [, payload] = (await issuer.sign({ roles: ['privacy-officer'] })).split('.');
  return `${header}.${payload}.${signature}`;
};

const hmacOfJwk = async (): Promise<string> => {
  const [, payload] = (await issuer.sign()).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'first' })).toString('base64url');
  const mac = createHmac('sha256', JSON.stringify(issuer.publicKeys[0]))
    .update(`${header}.${payload}`)
    .digest('base64url');
  return `${header}.${payload}.${mac}`;
};

describe('When a token does not prove who calls', () => {
  test.each<[string, () => Promise<string>]>([
    ['another audience', () => issuer.sign({ aud: 'other' })],
    ['no audience', () => issuer.sign({ aud: undefined })],
    ['another issuer', () => issuer.sign({ iss: 'http://evil.test' })],
    ['an id token (typ JWT)', () => issuer.sign({}, { typ: 'JWT' })],
    ['no typ', () => issuer.sign({}, { typ: undefined })],
    ['expired', () => issuer.sign({ exp: now() - 60 })],
    ['no expiry', () => issuer.sign({ exp: undefined })],
    ['not valid yet', () => issuer.sign({ nbf: now() + 60 })],
    ['no subject', () => issuer.sign({ sub: undefined })],
    ['a NUL in the subject', () => issuer.sign({ sub: 'user\0' })],
    ['an escape in the subject', () => issuer.sign({ sub: '\u001b[2J' })],
    ['half a character in the subject', () => issuer.sign({ sub: 'user\ud800' })],
    ['a subject of 256 characters', () => issuer.sign({ sub: 'x'.repeat(256) })],
    ['another issuer and no tenant', () => issuer.sign({ iss: 'http://evil.test', tenant_id: undefined })],
    ['alg none', unsigned],
    ['HS256 with a secret made of the public key', hs256WithPublicKey],
    ['HS256 with the text of the public key', hmacOfJwk],
    ['the signature of another payload', otherPayload],
    ['not a token', () => Promise.resolve('abc')],
  ])('then %s is answered 401 with a challenge and no reason', async (_, make) => {
    const response = await call('', await make());
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

  test.each<[string, Record<string, unknown>]>([
    ['no tenant', { tenant_id: undefined }],
    ['a tenant that is no uuid', { tenant_id: "'; drop table" }],
    ['the role of staff and a tenant that is no uuid', { tenant_id: 7, roles: ['vendor-staff'] }],
  ])('then a genuine one with %s is answered 401 and told so', async (_, claims) => {
    const response = await call('', await issuer.sign(claims));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await response.json()).toMatchObject({
      title: 'A valid access token is needed.',
      detail: 'The token is genuine, but names no tenant: its claim tenant_id must be a UUID.',
      code: 'unauthorized',
    });
  });

  test('then a key the provider never published is answered 401', async () => {
    await issuer.addKey('ES256', 'secret', false);
    expect((await call('', await issuer.sign({}, { kid: 'secret' }))).status).toBe(401);
  });

  test('then no token, or another scheme, is answered with the bare challenge', async () => {
    const none = await call('');
    const basic = await fetch(`${service.url}/v1/things`, { headers: { authorization: 'Basic dTpw' } });
    for (const response of [none, basic]) {
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('then public routes are answered all the same', async () => {
    expect((await call('/open')).status).toBe(200);
  });
});

describe('When the identity provider is away', () => {
  test('then known keys go on, and a service that never reached it answers 401', async () => {
    const away = await TestIssuer.start();
    const { appUrl } = await createTestDatabase();
    const other = await startApp(testModule({ ...away.env, DATABASE_URL: appUrl }, [ThingsController]));
    await other.usable();
    const authorized = async (): Promise<number> =>
      (await fetch(`${other.url}/v1/things`, { headers: { authorization: `Bearer ${await away.sign()}` } })).status;
    expect(await authorized()).toBe(200);
    await away.stop();
    expect(await authorized()).toBe(200);
    await other.stop();

    const blind = await startApp(testModule({ DATABASE_URL: appUrl }, [ThingsController]));
    await blind.usable();
    const headers = { authorization: `Bearer ${await issuer.sign()}` };
    expect((await fetch(`${blind.url}/v1/things`, { headers })).status).toBe(401);
    await blind.stop();
  });
});

test('When a route does not say who may call it, then the service refuses to start and names it', async () => {
  await expect(startApp(testModule({}, [ThingsController, ForgottenController]))).rejects.toThrow(
    'neither @Roles nor @Public: POST it (ForgottenController.it)',
  );
});
