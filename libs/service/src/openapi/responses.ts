import type { Type } from '@nestjs/common';
import { HTTP_CODE_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import type { Access } from '#contracts';
import { AnswersWithoutDatabase } from '../answers-without-database.js';
import { type Answer, answersOf, refusalsOf } from './decorators.js';
import { ProblemBody } from './problem-body.js';
import { type Json, reference } from './schemas.js';

export interface Asked {
  readonly route: string;
  readonly controller: Type;
  readonly handler: object;
  readonly access: Access;
  readonly body?: Type;
  readonly query?: Type;
}

/** All a route may answer, by status: what it does when all goes well, its own refusals, and those every such route has. */
export function responsesOf(asked: Asked): Json {
  const byStatus: Record<string, Json> = {};
  for (const status of refusals(asked)) byStatus[status] = { $ref: `#/components/responses/${nameOf(status)}` };
  for (const answer of successes(asked)) {
    const known = byStatus[answer.status];
    byStatus[answer.status] = merged(known?.$ref ? problem(answer.status) : known, answer);
  }
  return byStatus;
}

/** Refusals are the same everywhere, so they are said once. */
export const problemResponses = (): Json =>
  Object.fromEntries(Object.keys(PROBLEMS).map((status) => [nameOf(Number(status)), problem(Number(status))]));

function successes({ route, handler }: Asked): readonly Answer[] {
  const told = answersOf(handler);
  if (told.length > 0) return told;
  const status =
    (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? (route.startsWith('POST') ? 201 : 200);
  return [{ status }];
}

function refusals({ route, controller, handler, access, body, query }: Asked): number[] {
  const ofAccess = access === 'public' ? [] : [401, 403];
  // A body is read, and may be refused, also where none is asked for.
  const ofBody = body || !route.startsWith('GET') ? [400, 413, 415] : query ? [400] : [];
  const ofPath = route.includes(':') ? [400, 404] : [];
  const ofDatabase = new Reflector().get(AnswersWithoutDatabase, controller) ? [] : [503];
  return [...new Set([...ofAccess, ...ofBody, ...ofPath, ...refusalsOf(handler), ...ofDatabase])].sort((a, b) => a - b);
}

/** A status may be answered in several forms: a page for people, a problem for machines. */
function merged(known: Json = {}, { type, contentType = 'application/json', description }: Answer): Json {
  const schema = type ? reference(type) : contentType === 'application/json' ? { type: 'object' } : { type: 'string' };
  const content = { ...(known.content as Json | undefined), [contentType]: { schema } };
  return { description: description ?? known.description ?? 'Done.', content };
}

const nameOf = (status: number): string => `Problem${status}`;

const problem = (status: number): Json => {
  return { description: PROBLEMS[status], content: { 'application/problem+json': { schema: reference(ProblemBody) } } };
};

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read, or breaks the rules listed in `errors`.',
  401: 'No valid access token.',
  403: 'The role of the token does not allow this.',
  404: 'Unknown, or of another client company.',
  409: 'The present state forbids it; `code` says why.',
  410: 'It was here and has been removed for good.',
  413: 'The body is larger than allowed: JSON has at most 64 KiB, of a call to a hook 256 KiB.',
  415: 'The body is not JSON in UTF-8, or not a form or file of the right kind.',
  422: 'The request makes no sense; `code` says why.',
  429: 'Too many requests; `Retry-After` says when to come again.',
  503: 'Not at the moment; the same request may succeed later.',
};
