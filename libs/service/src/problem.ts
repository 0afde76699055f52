import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { currentTrace, isSurroundingsError } from '#messaging';
import { type FieldError, InvalidInput, Rejection, ServiceError, Unavailable } from './errors.js';

/**
 * An error answer, application/problem+json (RFC 9457). `type` is a URN made of the code: a stable name that leads
 * nowhere, since a service must not depend on a web site for its errors. All texts are constants of ours.
 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
  readonly errors?: readonly FieldError[];
  readonly traceId?: string;
}

/** What is answered for whatever was thrown. Nothing of a foreign error gets in: their messages quote input. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ServiceError) {
    const errors = error instanceof InvalidInput || error instanceof Rejection ? error.errors : undefined;
    return problem(error.status, error.code, error.title, { detail: error.detail, ...(errors ? { errors } : {}) });
  }
  if (error instanceof HttpException) return problemOfStatus(error.getStatus());
  if (isSurroundingsError(error)) return problemOf(new Unavailable());
  return problemOfStatus(500);
}

const KNOWN: Readonly<Record<number, { code: string; title: string }>> = {
  400: { code: 'malformed-request', title: 'The request cannot be read.' },
  401: { code: 'unauthorized', title: 'A valid access token is needed.' },
  403: { code: 'forbidden', title: 'The access token does not allow this.' },
  404: { code: 'not-found', title: 'There is nothing here.' },
  413: { code: 'too-large', title: 'The request body is larger than allowed.' },
  415: { code: 'unsupported-media-type', title: 'The request body must be application/json in UTF-8.' },
  500: { code: 'internal-error', title: 'Something went wrong on our side.' },
  503: { code: 'unavailable', title: 'The service cannot answer at the moment.' },
};

function problemOfStatus(status: number): Problem {
  const known = KNOWN[status];
  if (known) return problem(status, known.code, known.title);
  return problem(status, `http-${status}`, `${STATUS_CODES[status] ?? 'Error'}.`);
}

type Extra = Pick<Problem, 'detail' | 'errors'>;

function problem(status: number, code: string, title: string, extra: Extra = {}): Problem {
  const traceId = currentTrace()?.traceparent.split('-')[1];
  return { type: `urn:contact-expunge:problem:${code}`, title, status, ...extra, code, traceId };
}
