import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { currentTrace, runWithTrace } from '#messaging';

const logger = new Logger('http');
const UNMATCHED = 'unmatched';

/**
 * Runs each request in its trace (W3C Trace Context; the same `traceparent` is answered) and logs one line when it
 * ends: method, route pattern, status and milliseconds. Never the url: it may hold a token or what somebody typed.
 */
export function requestLog(request: Request, response: Response, next: NextFunction): void {
  const begun = performance.now();
  runWithTrace(request.header('traceparent'), undefined, () => {
    response.setHeader('traceparent', currentTrace()!.traceparent);
    const trace = currentTrace()!.traceparent;
    response.once('close', () => runWithTrace(trace, undefined, () => logRequest(request, response, begun)));
    next();
  });
}

function logRequest(request: Request, response: Response, begun: number): void {
  const route = (request.route as { path?: string } | undefined)?.path ?? UNMATCHED;
  const line = {
    msg: 'request',
    method: request.method,
    route,
    status: response.statusCode,
    ms: Math.round((performance.now() - begun) * 10) / 10,
    ...(response.writableFinished ? {} : { aborted: true }),
  };
  if (route.startsWith('/health/')) logger.debug(line);
  else logger.log(line);
}
