import { isUtf8 } from 'node:buffer';
import { HttpException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { requestLog } from './request-log.js';

const DEEPEST_BODY = 20;
/** Nest's type of these options leaves out `verify`, but hands it on. */
const JSON_PARSER = { limit: '64kb', strict: true, verify: onlyUtf8 };

/** Answers are data: a browser that opens one loads, runs and embeds nothing. A page sets a policy of its own. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
};

/** What holds for every request before a handler sees it: trace and log line, headers, body as JSON in UTF-8 up to 64 KiB. */
export function configureHttp(app: NestExpressApplication): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog);
  app.use(helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY }));
  app.use(noStore);
  app.use(onlyJson);
  app.useBodyParser('json', JSON_PARSER);
  app.use(notTooDeep);
}

/** Answers are about people; a route that serves public facts (JWKS) may set its own header. */
function noStore(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}

/** Without this a body of another type would be ignored and look like an empty one. */
function onlyJson(request: Request, _response: Response, next: NextFunction): void {
  // `is` answers null when there is no body, but takes the Content-Length: 0 of an empty POST for one.
  const empty = request.header('content-length') === '0';
  const other = !empty && request.is('application/json') === false;
  next(other ? new HttpException('unsupported media type', 415) : undefined);
}

/** The parser would put U+FFFD in place of what it cannot decode: a name would be stored that nobody has sent. */
function onlyUtf8(_request: unknown, _response: unknown, body: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw new HttpException('unsupported charset', 415);
  if (!isUtf8(body)) throw new HttpException('not UTF-8', 400);
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
