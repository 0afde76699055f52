import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Routes } from '#contracts';
import { createTestDatabase } from '../../../../test/support/database.js';
import { type RunningApp, startApp } from '../start-app.js';
import { TENANT, TestIssuer, testModule } from '../../test/test-service.js';
import { Caller, StaffCaller, TenantCaller, VerifiedCaller } from './caller.js';

@Controller('v1/things')
class ThingsController {
  @Get()
  who(@Caller() caller: TenantCaller): object {
    return caller;
  }

  @Get('staff')
  staff(@StaffCaller() caller: VerifiedCaller): object {
    return caller;
  }

  @Get('tenant-of-staff')
  tenantOfStaff(@Caller() caller: TenantCaller): object {
    return caller;
  }

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

const routes: Routes = {
  'GET /v1/things': ['recruiter'],
  'GET /v1/things/staff': ['vendor-staff'],
  'GET /v1/things/tenant-of-staff': ['vendor-staff', 'client-admin'],
  'GET /v1/things/open': 'public',
};

let issuer: TestIssuer;
let service: RunningApp;
const running: RunningApp[] = [];

const call = (path: string, token?: string): Promise<Response> =>
  fetch(
    `${service.url}/v1/things${path}`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );

beforeAll(async () => {
  const { appUrl } = await createTestDatabase();
  issuer = await TestIssuer.start();
  service = await startApp(testModule({ ...issuer.env, DATABASE_URL: appUrl }, [ThingsController], { routes }));
  running.push(service);
  await service.usable();
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
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
});

describe('When a token does not prove who calls', () => {
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

const INHERITED = { 'GET /v1/base/a': 'public', 'GET /v1/base/b': ['privacy-officer'] } as const;

class Base {
  @Get()
  it(): object {
    return {};
  }
}
@Controller('v1/base/a')
class OpenController extends Base {}
@Controller('v1/base/b')
class ClosedController extends Base {}

test('When two controllers inherit one handler, then each has its own line of the table', async () => {
  const { appUrl } = await createTestDatabase();
  const module = testModule({ DATABASE_URL: appUrl }, [OpenController, ClosedController], { routes: INHERITED });
  const other = await startApp(module);
  running.push(other);
  await other.usable();
  const status = async (path: string): Promise<number> => (await fetch(`${other.url}/v1/base/${path}`)).status;
  expect([await status('a'), await status('b'), await status('a')]).toEqual([200, 401, 200]);
});

test('When a route is not in the table, then the service refuses to start and names it', async () => {
  const starting = startApp(testModule({}, [ThingsController, ForgottenController], { routes }));
  starting.then(
    (started) => running.push(started),
    () => undefined,
  );
  await expect(starting).rejects.toThrow(
    'These routes are not in the table of routes, so nobody may call them: POST /v1/forgotten/it (ForgottenController.it).',
  );
});
