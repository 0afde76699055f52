import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Injectable,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ServiceError } from './errors.js';

/** How browsers, and mail programs that unsubscribe (RFC 8058), send a form. */
export const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

const FORM = Symbol('form');

class NoForm extends ServiceError {
  readonly status = 415;

  constructor() {
    super('unsupported-media-type', `The request body must be ${FORM_TYPES.join(' or ')}.`);
  }
}

/** For a route of a page: it takes a form, and nothing else. The class says which fields, for the OpenAPI document. */
export const TakesForm = (fields: Type): MethodDecorator => applyDecorators(SetMetadata(FORM, fields));

export const formOf = (handler: object): Type | undefined => Reflect.getMetadata(FORM, handler) as Type | undefined;

/** Forms are read for the routes that take them only; for all others they stay a 415. */
@Injectable()
export class FormGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): true {
    const { body } = context.switchToHttp().getRequest<Request>() as { body: unknown };
    const sent = body === undefined || (Buffer.isBuffer(body) && body.length === 0) ? 'nothing' : formOrOther(body);
    const takesForms = this.reflector.get<Type | undefined>(FORM, context.getHandler()) !== undefined;
    if (takesForms && sent === 'other') throw new NoForm();
    if (!takesForms && sent === 'form') throw new HttpException('unsupported media type', 415);
    return true;
  }
}

const formOrOther = (body: unknown): 'form' | 'other' => (Buffer.isBuffer(body) ? 'form' : 'other');

/** The fields of a form; none when there is no body. What cannot be read is a 400. */
export async function readForm(request: Request): Promise<FormData> {
  const body: unknown = request.body;
  if (!Buffer.isBuffer(body) || body.length === 0) return new FormData();
  try {
    const headers = { 'content-type': request.header('content-type') ?? '' };
    return await new Response(new Uint8Array(body), { headers }).formData();
  } catch {
    throw new HttpException('not a form', 400);
  }
}
