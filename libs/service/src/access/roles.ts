import { SetMetadata } from '@nestjs/common';

export const ROLES = ['candidate', 'recruiter', 'client-admin', 'privacy-officer', 'vendor-staff'] as const;
export type Role = (typeof ROLES)[number];

/** Metadata of a route: who may call it. A route without it keeps the service from starting. */
export const ACCESS = Symbol('access');
export type Access = 'public' | readonly Role[];

/** Callers need at least one of these roles. On a method it replaces what the class says. */
export const Roles = (first: Role, ...more: Role[]): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, [first, ...more]);

/** Anyone may call it, without a token. Only for what is protected in another way, or holds nothing. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS, 'public');
