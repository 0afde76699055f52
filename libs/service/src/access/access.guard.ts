import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable, type Type } from '@nestjs/common';
import type { Request } from 'express';
import type { Access } from '#contracts';
import { AccessTokens } from './access-tokens.js';
import { rememberCaller, type VerifiedCaller } from './caller.js';
import { RouteTable } from './route-table.js';
import { Unauthorized } from './unauthorized.js';

/** Lets a request pass only with a verified token that has a role of its route: 401 without, 403 with another. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly routes: RouteTable,
    private readonly tokens: AccessTokens,
  ) {}

  /** Answers at once for a token that is remembered: a promise would cost more than the look. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.routes.accessTo(this.routes.routeOf(context.getClass<Type>(), context.getHandler()));
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const token = bearerToken(request);
    const known = this.tokens.remembered(token);
    if (known) return admit(request, known, access);
    return this.tokens.verify(token).then((caller) => admit(request, caller, access));
  }
}

function admit(request: Request, caller: VerifiedCaller, access: Access | undefined): true {
  rememberCaller(request, caller);
  if (access === 'public' || !access?.some((role) => caller.roles.includes(role))) throw new ForbiddenException();
  return true;
}

const SCHEME = 'Bearer ';

/** From the one Authorization header only: of two, a proxy before us might have judged the other one. */
function bearerToken({ rawHeaders, headers }: Request): string {
  const header = headers.authorization ?? '';
  if (header === '') throw new Unauthorized('no-token');
  if (rawHeaders.filter(isAuthorization).length > 1) throw new Unauthorized('invalid-token');
  if (header.startsWith(SCHEME)) return header.slice(SCHEME.length);
  // The name of a scheme may be written in any case (RFC 9110, section 11.1).
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw new Unauthorized('no-token');
  return token;
}

/** Names and values take turns. */
const isAuthorization = (name: string, n: number): boolean =>
  n % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization';
