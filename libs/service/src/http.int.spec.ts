import { gzipSync } from 'node:zlib';
import { Body, Controller, Get, Post, Put, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsInt, IsOptional, Max, ValidateNested } from 'class-validator';
import { createTestDatabase } from '../../../test/support/database.js';
import { TestIssuer, testModule } from '../test/test-service.js';
import { Gone, NotFound, Rejection } from './errors.js';
import { readForm, TakesForm } from './forms.js';
import { type RunningApp, startApp } from './start-app.js';
import { EmailAddress, MultilineText, PlainText } from './text-rules.js';
import { Optional, UuidParam } from './validation.js';
import { DataSource } from 'typeorm';

class Tag {
  @PlainText(20) label: string;
}

class NewThing {
  @PlainText(40) name: string;
  @IsOptional() @EmailAddress() email?: string;
  @IsOptional() @MultilineText(200) note?: string;
  @Optional() @IsInt() @Max(9) count?: number;
  @IsOptional() @IsBoolean() on?: boolean;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Tag) tags?: Tag[];
}

class Page {
  @IsOptional() @Type(() => Number) @IsInt() @Max(100) limit?: number;
}

const SECRET = 'rosa.luna@example.org';

@Controller('v1/things')
class ThingsController {
  constructor(private readonly db: DataSource) {}

  @Post()
  add(@Body() thing: NewThing): NewThing {
    return thing;
  }

  @Get()
  list(@Query() page: Page): Page {
    return page;
  }

  @Get(':id')
  read(@UuidParam('id') id: string): object {
    return { id };
  }

  @Post('form')
  @TakesForm(Page)
  async form(@Req() request: Request): Promise<object> {
    return Object.fromEntries(await readForm(request));
  }

  @Put('conflict')
  conflict(): void {
    throw new Rejection('contact-on-hold', 'The contact is on hold.', 409, 'It can be removed when the hold ends.');
  }

  @Put('gone')
  gone(): void {
    throw new Gone();
  }

  @Put('missing')
  missing(): void {
    throw new NotFound('no-such-contact', 'There is no such contact.');
  }

  @Put('bug')
  bug(): void {
    throw new TypeError(`cannot read ${SECRET}`);
  }

  @Put('text')
  text(): void {
    // What careless code might throw: still nothing of it may be answered.
    // oxlint-disable-next-line only-throw-error
    throw SECRET;
  }

  @Put('sql')
  async sql(): Promise<void> {
    await this.db.query(`SELECT '${SECRET}'::int`);
  }

  @Put('no-table')
  async noTable(): Promise<void> {
    await this.db.query('SELECT * FROM not_there');
  }
}

const HANDLERS = ['conflict', 'gone', 'missing', 'bug', 'text', 'sql', 'no-table'];
const OPEN_ROUTES = ['POST /v1/things', 'POST /v1/things/form', 'GET /v1/things', 'GET /v1/things/:id'].concat(
  HANDLERS.map((name) => `PUT /v1/things/${name}`),
);
const routes = Object.fromEntries(OPEN_ROUTES.map((route) => [route, 'public' as const]));

let issuer: TestIssuer;
let service: RunningApp;
let log = '';

beforeAll(async () => {
  const { appUrl } = await createTestDatabase();
  issuer = await TestIssuer.start();
  const logTo = { write: (line: string): void => void (log += line) };
  const env = { ...issuer.env, DATABASE_URL: appUrl, LOG_LEVEL: 'debug' };
  service = await startApp(testModule(env, [ThingsController], { logTo, routes }));
  await service.usable();
});

afterAll(async () => {
  await service.stop();
  await issuer.stop();
});

const send = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${service.url}${path}`, { method, body, headers: { ...(body === undefined ? {} : JSON_BODY), ...headers } });
const JSON_BODY = { 'content-type': 'application/json' };
const post = (value: unknown): Promise<Response> => send('POST', '/v1/things', JSON.stringify(value));

async function expectProblem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const text = await response.text();
  expect(`${response.status} ${text}`).toContain(`${status} {`);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, code, type: `urn:contact-expunge:problem:${code}` });
  expect(text).not.toContain(SECRET);
  expect(text).not.toMatch(/\bat \S+ \(|node_modules/);
  return problem;
}

describe('When a body is good', () => {
  test('then text arrives trimmed and in NFC, and nothing else is changed', async () => {
    const response = await post({
      name: '  Rosa\u0301 Luna ',
      note: 'a\r\nb\tc',
      count: 3,
      on: false,
      tags: [{ label: ' x ' }],
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      name: 'Rosá Luna',
      note: 'a\nb\tc',
      count: 3,
      on: false,
      tags: [{ label: 'x' }],
    });
  });

  test('then a query is converted where its class says so', async () => {
    expect(await (await send('GET', '/v1/things?limit=20')).json()).toEqual({ limit: 20 });
  });
});

describe('When a body cannot be read', () => {
  test.each<[string, string, Record<string, string>, number, string]>([
    ['broken JSON', `{"name": "${SECRET}`, {}, 400, 'malformed-request'],
    ['a bare string', `"${SECRET}"`, {}, 400, 'malformed-request'],
    ['more than 64 KiB', JSON.stringify({ name: 'x'.repeat(66_000) }), {}, 413, 'too-large'],
    ['text', SECRET, { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
    [
      'a form',
      `name=${SECRET}`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    ['an unknown charset', '{}', { 'content-type': 'application/json; charset=latin1' }, 415, 'unsupported-media-type'],
    ['an unknown encoding', '{}', { 'content-encoding': 'zip' }, 415, 'unsupported-media-type'],
    ['brackets without end', `{"tags":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, {}, 400, 'malformed-request'],
  ])('then %s is answered with a problem', async (_, body, headers, status, code) => {
    await expectProblem(await send('POST', '/v1/things', body, headers), status, code);
  });
});

describe('When a route takes a form', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
  const multipart = ['--x', 'Content-Disposition: form-data; name="name"', '', 'Rosá', '--x--', ''].join('\r\n');

  test.each<[string, string, Record<string, string>]>([
    ['urlencoded', 'name=Ros%C3%A1', FORM],
    ['in parts', multipart, { 'content-type': 'multipart/form-data; boundary=x' }],
  ])('then one %s is read', async (_, body, headers) => {
    expect(await (await send('POST', '/v1/things/form', body, headers)).json()).toEqual({ name: 'Rosá' });
  });

  test('then no body, or an empty one, is an empty form', async () => {
    expect(await (await send('POST', '/v1/things/form')).json()).toEqual({});
    expect(await (await send('POST', '/v1/things/form', '', FORM)).json()).toEqual({});
  });

  test.each<[string, string, Record<string, string>, number, string]>([
    ['JSON', '{}', {}, 415, 'unsupported-media-type'],
    ['text', SECRET, { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
    ['more than 64 KiB', `name=${'x'.repeat(66_000)}`, FORM, 413, 'too-large'],
    ['parts that are none', SECRET, { 'content-type': 'multipart/form-data; boundary=x' }, 400, 'malformed-request'],
  ])('then %s is answered with a problem', async (_, body, headers, status, code) => {
    await expectProblem(await send('POST', '/v1/things/form', body, headers), status, code);
  });
});

describe('When a body is larger than it looks', () => {
  const sent = (body: Buffer | ReadableStream, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${service.url}/v1/things`, {
      method: 'POST',
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
      headers: { ...JSON_BODY, ...headers },
      duplex: 'half',
    } as RequestInit);
  const large = Buffer.from(JSON.stringify({ name: 'x'.repeat(1_000_000) }));

  test('then one that is compressed is measured unpacked', async () => {
    const packed = gzipSync(large);
    expect(packed.length).toBeLessThan(2_000);
    await expectProblem(await sent(packed, { 'content-encoding': 'gzip' }), 413, 'too-large');
  });

  test('then one that does not tell its length is measured as it comes', async () => {
    await expectProblem(await sent(new Blob([large]).stream()), 413, 'too-large');
  });
});

describe('When a body is not UTF-8', () => {
  const bytes = (body: Buffer, charset: string): Promise<Response> =>
    fetch(`${service.url}/v1/things`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-type': `application/json; charset=${charset}` },
    });

  test.each<[string, BufferEncoding, string]>([
    ['latin1', 'latin1', 'José'],
    ['a byte of its own', 'latin1', 'a\u00ff'],
    ['half a surrogate pair', 'latin1', '\u00ed\u00a0\u0080'],
  ])('then %s is a 400', async (_, encoding, name) => {
    await expectProblem(
      await bytes(Buffer.from(JSON.stringify({ name }), encoding), 'utf-8'),
      400,
      'malformed-request',
    );
  });

  test('then another charset, also of Unicode, is a 415', async () => {
    const body = Buffer.from(JSON.stringify({ name: 'Jose' }), 'utf16le');
    await expectProblem(await bytes(body, 'utf-16'), 415, 'unsupported-media-type');
  });

  test('then one that is arrives as it was sent', async () => {
    const response = await bytes(Buffer.from(JSON.stringify({ name: 'José 🦊' })), 'UTF-8');
    expect(await response.json()).toEqual({ name: 'José 🦊' });
  });
});

describe('When a body breaks the rules', () => {
  test.each<[string, Record<string, unknown> | unknown[], string]>([
    ['a missing field', {}, 'name'],
    ['a list instead of an object', [], 'name'],
    ['a null', { name: null }, 'name'],
    ['a null for what may be left out', { name: 'x', count: null }, 'count'],
    ['a number for text', { name: 5 }, 'name'],
    ['text for a number', { name: 'x', count: '1' }, 'count'],
    ['text for a boolean', { name: 'x', on: 'true' }, 'on'],
    ['a number for a boolean', { name: 'x', on: 1 }, 'on'],
    ['an over-long value', { name: 'x'.repeat(41) }, 'name'],
    ['a line break', { name: 'a\r\nBcc: b' }, 'name'],
    ['a NUL', { name: 'a\0b' }, 'name'],
    ['a lone surrogate', { name: 'a\ud800' }, 'name'],
    ['a bidirectional override', { name: 'a\u202eb' }, 'name'],
    ['nothing visible', { name: '\u200b ' }, 'name'],
    ['an escape in a note', { name: 'x', note: 'a\u001b[2J' }, 'note'],
    ['an address with a line break', { name: 'x', email: 'a@example.org\nBcc: b@example.org' }, 'email'],
    ['an address that is none', { name: 'x', email: 'nobody' }, 'email'],
    ['a nested field', { name: 'x', tags: [{ label: '' }] }, 'tags.0.label'],
    ['a nested list of something else', { name: 'x', tags: ['a'] }, 'tags.0'],
  ])('then %s is a 400 that names the field and not the value', async (_, body, field) => {
    const problem = await expectProblem(await post(body), 400, 'invalid-input');
    expect(problem.errors).toEqual(expect.arrayContaining([{ field, message: expect.any(String) }]));
  });

  test('then an unknown field is refused without repeating its name', async () => {
    const problem = await expectProblem(await post({ name: 'x', [SECRET]: 1 }), 400, 'invalid-input');
    const message = 'has a field that is not known; known are name, email, note, count, on, tags';
    expect(problem.errors).toEqual([{ field: '', message }]);
    const nested = await expectProblem(
      await post({ name: 'x', tags: [{ label: 'y', [SECRET]: 1 }] }),
      400,
      'invalid-input',
    );
    expect(nested.errors).toEqual([{ field: 'tags.0', message: 'has a field that is not known; known are label' }]);
  });

  test('then an unknown or wrong query parameter is a 400 as well', async () => {
    await expectProblem(await send('GET', `/v1/things?${SECRET}=1`), 400, 'invalid-input');
    await expectProblem(await send('GET', '/v1/things?limit=1&limit=2'), 400, 'invalid-input');
    await expectProblem(await send('GET', '/v1/things?limit=many'), 400, 'invalid-input');
  });

  test('then __proto__ and constructor change nothing', async () => {
    const response = await send('POST', '/v1/things', '{"name":"x","__proto__":{"admin":true},"constructor":{"a":1}}');
    expect([201, 400]).toContain(response.status);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('When a path leads nowhere', () => {
  test.each([
    ['an unknown route', 'GET', `/v2/${SECRET}`],
    ['another method', 'DELETE', '/v1/things'],
    ['an id that is no uuid', 'GET', '/v1/things/7'],
  ])('then %s is a 404', async (_, method, path) => {
    await expectProblem(await send(method, path), 404, 'not-found');
  });

  test('then a path that cannot be decoded is a 400', async () => {
    await expectProblem(await send('GET', '/v1/things/%FF'), 400, 'malformed-request');
  });

  test('then an id is read in either case', async () => {
    const id = '6F1C1D5E-8F4F-4F0C-9C58-2F4B5A1D7E01';
    expect(await (await send('GET', `/v1/things/${id}`)).json()).toEqual({ id: id.toLowerCase() });
  });
});

describe('When a handler throws', () => {
  test('then a rejection is answered with its code, title and detail', async () => {
    const problem = await expectProblem(await send('PUT', '/v1/things/conflict'), 409, 'contact-on-hold');
    expect(problem).toMatchObject({
      title: 'The contact is on hold.',
      detail: 'It can be removed when the hold ends.',
    });
    await expectProblem(await send('PUT', '/v1/things/gone'), 410, 'gone');
    await expectProblem(await send('PUT', '/v1/things/missing'), 404, 'no-such-contact');
  });

  test.each(['bug', 'text', 'sql'])('then a %s is a 500 that says nothing, also in the log', async (what) => {
    const problem = await expectProblem(await send('PUT', `/v1/things/${what}`), 500, 'internal-error');
    expect(Object.keys(problem).sort()).toEqual(['code', 'status', 'title', 'traceId', 'type']);
    expect(log).toContain(String(problem.traceId));
    expect(log).not.toContain(SECRET);
  });

  test('then trouble with the surroundings is a 503 that asks to come back', async () => {
    const response = await send('PUT', '/v1/things/no-table');
    expect(response.headers.get('retry-after')).toBe('5');
    await expectProblem(response, 503, 'unavailable');
  });
});

describe('When a request is answered', () => {
  test.each<[string, number, () => Promise<Response>]>([
    ['an answer', 200, () => send('GET', '/v1/things')],
    ['a route that is not there', 404, () => send('GET', '/v2')],
    ['a body that is too large', 413, () => post({ name: 'x'.repeat(66_000) })],
    ['a fault of ours', 500, () => send('PUT', '/v1/things/bug')],
  ])('then the headers of %s protect it and say nothing about us', async (_, status, ask) => {
    const response = await ask();
    expect(response.status).toBe(status);
    const { headers } = response;
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('strict-transport-security')).toContain('max-age=');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.has('x-powered-by') || headers.has('etag')).toBe(false);
  });

  test('then its connection stays open for the time that is configured', async () => {
    expect((await send('GET', '/v1/things')).headers.get('keep-alive')).toBe('timeout=75');
  });

  test('then the log has its route pattern, never its url, in the trace of the caller', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const id = '6f1c1d5e-8f4f-4f0c-9c58-2f4b5a1d7e01';
    const response = await send('GET', `/v1/things/${id}?address=${SECRET}`, undefined, { traceparent });
    expect(response.headers.get('traceparent')).toBe(traceparent);
    const lines = log.split('\n').filter((line) => line.includes(trace));
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        service: 'contact-service',
        context: 'http',
        traceId: trace,
        msg: 'request',
        method: 'GET',
        route: '/v1/things/:id',
        status: 200,
        ms: expect.any(Number),
      },
    ]);
    expect(log).not.toContain(SECRET);
  });

  test('then a body keeps its trace', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4737';
    const problem = await (
      await send('POST', '/v1/things', '{}', { traceparent: `00-${trace}-00f067aa0ba902b7-01` })
    ).json();
    expect(problem).toMatchObject({ traceId: trace });
  });
});
