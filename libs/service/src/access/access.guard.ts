import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { AccessTokens } from './access-tokens.js';
import { rememberCaller } from './caller.js';
import { ACCESS, type Access } from './roles.js';
import { Unauthorized } from './unauthorized.js';

/** Lets a request pass only with a verified token that has a role of its route: 401 without, 403 with another. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: AccessTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const caller = await this.tokens.verify(bearerToken(request));
    if (!access?.some((role) => caller.roles.includes(role))) throw new ForbiddenException();
    rememberCaller(request, caller);
    return true;
  }
}

function bearerToken(request: Request): string {
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(request.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new Unauthorized('no-token');
  return token;
}
