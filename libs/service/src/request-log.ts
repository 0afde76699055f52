import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { asTraceparent, beginTrace, runWithTrace, type Span, unrecorded } from '#messaging';
import type { MeasureRequests } from './metrics/measure-requests.js';

const logger = new Logger('http');
const UNMATCHED = 'unmatched';

/** Nobody looks for a probe in the traces. */
const PROBES = '/health/';

/**
 * Runs each request in its trace (W3C Trace Context; its `traceparent` is answered). When the request ends, says how long it
 * took: one log line, one observation, and the end of its span, with method, route pattern and status. Never the url: it
 * may hold a token or what somebody typed.
 */
export function requestLog(measure: MeasureRequests) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const begun = performance.now();
    const given = request.header('traceparent');
    const parent = given === undefined ? undefined : asTraceparent(given);
    const span = request.path.startsWith(PROBES)
      ? undefined
      : beginTrace({ name: request.method, kind: 'server', parent });
    const trace = span?.traceparent ?? unrecorded(asTraceparent(parent));
    response.setHeader('traceparent', trace);
    response.once('close', () => {
      const answered = answerTo(request, response, begun);
      runWithTrace(trace, undefined, () => logRequest(answered, response.writableFinished));
      measure.answered(answered.method, answered.route, answered.status, answered.ms);
      if (span) endSpan(span, answered);
    });
    runWithTrace(trace, undefined, next);
  };
}

interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

function answerTo(request: Request, response: Response, begun: number): Answered {
  const route = (request.route as { path?: string } | undefined)?.path ?? UNMATCHED;
  const ms = Math.round((performance.now() - begun) * 10) / 10;
  return { method: request.method, route, status: response.statusCode, ms };
}

function logRequest(answered: Answered, finished: boolean): void {
  const line = { msg: 'request', ...answered, ...(finished ? {} : { aborted: true }) };
  if (answered.route.startsWith(PROBES)) logger.debug(line);
  else logger.log(line);
}

function endSpan(span: Span, { method, route, status }: Answered): void {
  span.end({
    name: `${method} ${route}`,
    failed: status >= 500,
    attributes: { 'http.request.method': method, 'http.route': route, 'http.response.status_code': status },
  });
}
