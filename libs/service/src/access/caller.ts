import { createParamDecorator, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import type { Request } from 'express';
import type { Role } from '#contracts';

/** Who calls, from the verified token only. */
export class VerifiedCaller {
  readonly subject: string;
  readonly roles: readonly Role[];
  /** Absent only for staff of the vendor, who belong to no client. */
  readonly tenantId?: string;
  /** Only if the identity provider says that it has verified that the address is the subject's. Personal: for no log. */
  readonly verifiedEmail?: string;
}

/** A caller who belongs to a tenant; every query of his request is bound to that tenant. */
export class TenantCaller extends VerifiedCaller {
  declare readonly tenantId: string;
}

const CALLER = Symbol('caller');
type WithCaller = Request & { [CALLER]?: VerifiedCaller };

export function rememberCaller(request: Request, caller: VerifiedCaller): void {
  (request as WithCaller)[CALLER] = caller;
}

/** Undefined when nobody was verified: no token, no good one, or a public route. */
export function callerOfRequest(request: Request): VerifiedCaller | undefined {
  return (request as WithCaller)[CALLER];
}

const callerOf = (context: ExecutionContext): VerifiedCaller => {
  const caller = callerOfRequest(context.switchToHttp().getRequest<Request>());
  if (!caller) throw new ForbiddenException();
  return caller;
};

/** The {@link TenantCaller} of a request; a token without a tenant (vendor staff) is answered 403. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): TenantCaller => {
  const { tenantId, ...caller } = callerOf(context);
  if (tenantId === undefined) throw new ForbiddenException();
  return { ...caller, tenantId };
});

/** The {@link VerifiedCaller} of a request, who may belong to no tenant: for routes of vendor staff. */
export const StaffCaller = createParamDecorator((_: unknown, context: ExecutionContext): VerifiedCaller =>
  callerOf(context),
);
