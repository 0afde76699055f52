import { isUtf8 } from 'node:buffer';
import type { Server } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { type Handled, RouteTable } from './access/route-table.js';
import { ServiceConfig } from './config.js';
import { FORM_TYPES } from './forms.js';
import { MeasureRequests } from './metrics/measure-requests.js';
import { fileOf } from './openapi/decorators.js';
import { requestLog } from './request-log.js';

const DEEPEST_BODY = 20;
/** Nest's type of these options leaves out `verify`, but hands it on. */
const JSON_PARSER = { limit: '64kb', strict: true, verify: onlyUtf8 };
const FORM_PARSER = { limit: '64kb', type: FORM_TYPES };

/** Where other systems call us: what they sign are the bytes, and one call may be about a thousand things. */
const HOOKS = '/hooks/';
const HOOK_PARSER = { ...JSON_PARSER, limit: '256kb', type: isForHook, verify: keepBytes };

const BYTES = Symbol('bytes');
type WithBytes = Request & { [BYTES]?: Buffer };

/** The body of a call to a hook, as it came; empty when there was none. */
export const bytesOf = (request: Request): Buffer => (request as WithBytes)[BYTES] ?? Buffer.alloc(0);

/** Answers are data: a browser that opens one loads, runs and embeds nothing. A page sets a policy of its own. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
};

/** A large file over a slow line; Node's own limit of 5 minutes stays where no files are taken. */
const LONGEST_UPLOAD_MS = 60 * 60_000;

/**
 * What holds for every request before a handler sees it: trace and log line, headers, body as JSON in UTF-8 up to 64 KiB
 * (hooks: 256). Forms come as bytes, for `readForm`; whether the route takes one at all, FormGuard says. Files stay streams.
 */
export function configureHttp(app: NestExpressApplication): void {
  const server = app.getHttpServer() as Server;
  server.keepAliveTimeout = app.get(ServiceConfig).HTTP_KEEP_ALIVE_SECONDS * 1_000;
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog(app.get(MeasureRequests)));
  app.use(helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY }));
  app.use(noStore);
  const files = filesOf(app.get(RouteTable).all());
  if (files.size > 0) server.requestTimeout = LONGEST_UPLOAD_MS;
  app.use(onlyKnownTypes(files));
  app.useBodyParser('json', HOOK_PARSER);
  app.useBodyParser('json', JSON_PARSER);
  app.use(notTooDeep);
  app.useBodyParser('raw', FORM_PARSER);
}

/** Answers are about people; a route that serves public facts (JWKS) may set its own header. */
function noStore(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}

/** Without this a body of another type would be ignored and look like an empty one. */
function onlyKnownTypes(files: ReadonlyMap<string, string>) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    // `is` answers null when there is no body, but takes the Content-Length: 0 of an empty POST for one.
    const empty = request.header('content-length') === '0';
    const file = files.get(`${request.method} ${request.path}`) ?? [];
    const other = !empty && request.is(['application/json', ...FORM_TYPES, file].flat()) === false;
    next(other ? new HttpException('unsupported media type', 415) : undefined);
  };
}

/** Which routes take a file, and of which type: see `TakesFile`. */
function filesOf(routes: readonly Handled[]): Map<string, string> {
  return new Map(
    routes.flatMap(({ route, controller, name }): [string, string][] => {
      const type = fileOf((controller.prototype as Record<string, object>)[name]!);
      return type === undefined ? [] : [[route, type]];
    }),
  );
}

/** The parser would put U+FFFD in place of what it cannot decode: a name would be stored that nobody has sent. */
function onlyUtf8(_request: unknown, _response: unknown, body: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw new HttpException('unsupported charset', 415);
  if (!isUtf8(body)) throw new HttpException('not UTF-8', 400);
}

/** The parser is given the request of Express. */
function isForHook(request: unknown): boolean {
  return (request as Request).path.startsWith(HOOKS) && Boolean((request as Request).is('application/json'));
}

function keepBytes(request: unknown, response: unknown, body: Buffer, charset: string): void {
  onlyUtf8(request, response, body, charset);
  (request as WithBytes)[BYTES] = body;
}

/** Validation walks bodies recursively: thousands of nested brackets would exhaust the stack. */
function notTooDeep(request: Request, _response: Response, next: NextFunction): void {
  let level: unknown[] = [request.body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST_BODY) return next(new HttpException('too deep', 400));
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  next();
}
