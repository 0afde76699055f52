import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { IsInt } from 'class-validator';
import { createTestDatabase } from '../../../../test/support/database.js';
import { AuditDatabase } from '../../test/audit-database.js';
import { TENANT, TestIssuer, testModule } from '../../test/test-service.js';
import { Caller, StaffCaller, TenantCaller } from '../access/caller.js';
import { Gone, NotFound, Rejection } from '../errors.js';
import { type RunningApp, startApp } from '../start-app.js';
import { UuidParam } from '../validation.js';
import { NO_TENANT } from './refused-attempts.js';

class Change {
  @IsInt() size: number;
}

const REFUSALS: Record<string, Error> = {
  conflict: new Rejection('contact-disabled', 'No.'),
  senseless: new Rejection('two-searches', 'No.', 422),
  gone: new Gone(),
  missing: new NotFound(),
};

@Controller('v1')
class ThingsController {
  @Put('things/:id')
  change(@UuidParam('id') _id: string, @Body() change: Change): Change {
    return change;
  }

  @Get('things/:id')
  read(@UuidParam('id') _id: string): void {
    throw new NotFound();
  }

  @Delete('account')
  remove(@Caller() caller: TenantCaller): TenantCaller {
    return caller;
  }

  @Post('refused/:how')
  refuse(@Param('how') how: string): void {
    throw REFUSALS[how] ?? new TypeError('a bug');
  }

  @Put('tenants/:id')
  putTenant(@StaffCaller() _caller: unknown): void {
    throw new Rejection('tenant-unlike', 'No.');
  }

  @Post('open')
  open(): void {
    throw new Rejection('not-now', 'No.');
  }
}

const routes = {
  'PUT /v1/things/:id': ['recruiter'],
  'GET /v1/things/:id': ['recruiter'],
  'DELETE /v1/account': ['candidate'],
  'POST /v1/refused/:how': ['recruiter', 'candidate'],
  'PUT /v1/tenants/:id': ['vendor-staff'],
  'POST /v1/open': 'public',
} as const;

let issuer: TestIssuer;
let log: AuditDatabase;
let service: RunningApp;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  log = await AuditDatabase.create(await createTestDatabase(), process.env.TEST_POSTGRES_URL!);
  const env = { ...issuer.env, DATABASE_URL: log.appUrl, DATABASE_POOL_SIZE: '2' };
  service = await startApp(testModule(env, [ThingsController], { routes }));
  await service.usable();
  // The first call opens connections and fetches keys, which takes a busy machine longer than an entry is waited for.
  await call('DELETE /v1/account', { sub: 'warm-up' });
});

beforeEach(() => log.superuser.query('TRUNCATE audit_log, audit_chain, audit_unchained'));

afterAll(async () => {
  await service.stop();
  await Promise.all([issuer.stop(), log.close()]);
});

/** Status of the answer to somebody new, unless `claims` names him. */
async function call(route: string, claims: Record<string, unknown> = {}, body?: object): Promise<number> {
  const [method, path] = route.split(' ');
  const authorization = `Bearer ${await issuer.sign({ sub: randomUUID(), ...claims })}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(`${service.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return response.status;
}

const rows = (): Promise<Record<string, unknown>[]> => log.superuser.query('SELECT * FROM audit_log ORDER BY seq');

const THING = randomUUID();

describe('When a known caller is refused', () => {
  test('then who, what and why is in the log before the answer, and waits for the chain', async () => {
    await expect(call('DELETE /v1/account', { sub: 'rita' })).resolves.toBe(403);
    await expect(rows()).resolves.toMatchObject([
      {
        tenant_id: TENANT,
        actor: 'rita',
        action: 'DELETE /v1/account',
        target: null,
        outcome: 'refused',
        detail: { code: 'forbidden', status: 403 },
      },
    ]);
    await expect(log.pass().execute()).resolves.toBe('idle');
    expect(await log.chainOf(TENANT)).toHaveLength(1);
  });

  test('then a candidate is not named', async () => {
    await call(`GET /v1/things/${THING.toUpperCase()}`, { sub: 'rosa', roles: ['candidate'] });
    await expect(rows()).resolves.toMatchObject([
      { actor: 'candidate', action: 'GET /v1/things/:id', target: THING, detail: { code: 'forbidden' } },
    ]);
    expect(JSON.stringify(await rows())).not.toContain('rosa');
  });

  test.each<[string, object | undefined, number, string]>([
    ['POST /v1/refused/conflict', undefined, 409, 'contact-disabled'],
    ['POST /v1/refused/senseless', undefined, 422, 'two-searches'],
    ['POST /v1/refused/gone', undefined, 410, 'gone'],
    ['POST /v1/refused/missing', undefined, 404, 'not-found'],
    [`PUT /v1/things/${THING}`, { size: 'rosa.luna@example.org' }, 400, 'invalid-input'],
    [`GET /v1/things/${THING}`, undefined, 404, 'not-found'],
    ['PUT /v1/things/rosa.luna@example.org', { size: 1 }, 404, 'not-found'],
  ])('then %s is recorded, and nothing that was sent', async (route, body, status, code) => {
    await expect(call(route, {}, body)).resolves.toBe(status);
    const [row, ...more] = await rows();
    expect(row).toMatchObject({ outcome: 'refused', detail: { code, status } });
    expect(row!.target).toBe(route.includes(THING) ? THING : null);
    expect(JSON.stringify(row)).not.toContain('rosa');
    expect(more).toEqual([]);
  });

  test('then staff of the vendor are recorded with the tenant they tried to act on, otherwise with none', async () => {
    const staff = { tenant_id: undefined, roles: ['vendor-staff'] };
    await expect(call(`PUT /v1/tenants/${THING}`, staff)).resolves.toBe(409);
    await expect(call('PUT /v1/tenants/it', staff)).resolves.toBe(409);
    await expect(call(`GET /v1/things/${THING}`, staff)).resolves.toBe(403);
    await expect(call(`PUT /v1/tenants/${THING}`)).resolves.toBe(403);
    expect((await rows()).map((row) => [row.tenant_id, row.target])).toEqual([
      [THING, THING],
      [NO_TENANT, null],
      [NO_TENANT, THING],
      [TENANT, THING],
    ]);
  });
});

test('When nothing would have changed, nobody is known, or it is our own fault, then nothing is recorded', async () => {
  await expect(call('POST /v1/open')).resolves.toBe(409);
  await expect(call('POST /v1/refused/bug')).resolves.toBe(500);
  await expect(call('DELETE /v1/account', { aud: 'other' })).resolves.toBe(401);
  await expect(call('DELETE /v1/nothing')).resolves.toBe(404);
  await expect(call(`PUT /v1/things/${THING}`, {}, { size: 1 })).resolves.toBe(200);
  await expect(rows()).resolves.toEqual([]);
});

test('When one caller is refused all the time, then 60 a minute are recorded, and the last of them says so', async () => {
  const sub = randomUUID();
  for (let n = 0; n < 7; n += 1) {
    await Promise.all(Array.from({ length: 20 }, () => call('DELETE /v1/account', { sub })));
  }
  await call('DELETE /v1/account', { sub: 'another' });
  const recorded = await rows();
  // Of 140; a new minute may have begun meanwhile.
  expect(recorded.filter((row) => row.actor === sub).length).toBeLessThanOrEqual(120);
  expect(recorded).toContainEqual(expect.objectContaining({ detail: { code: 'forbidden', status: 403, limit: true } }));
  expect(recorded.at(-1)).toMatchObject({ actor: 'another', detail: { code: 'forbidden' } });
});

describe('When the entry cannot be written', () => {
  test('then the answer is the same', async () => {
    await log.owner.query('ALTER TABLE audit_unchained RENAME TO away');
    try {
      await expect(call('DELETE /v1/account')).resolves.toBe(403);
    } finally {
      await log.owner.query('ALTER TABLE away RENAME TO audit_unchained');
    }
    await expect(rows()).resolves.toEqual([]);
  });

  test('then the answer waits 2 s at most', async () => {
    const holder = log.owner.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK audit_log');
    const begun = performance.now();
    await expect(call('DELETE /v1/account')).resolves.toBe(403);
    expect(performance.now() - begun).toBeGreaterThan(1_900);
    await holder.rollbackTransaction();
    await holder.release();
  });
});
