import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTPayload, jwtVerify } from 'jose';
import { type Role, ROLES } from '#contracts';
import { safeError } from '#messaging';
import { ServiceConfig } from '../config.js';
import type { VerifiedCaller } from './caller.js';
import { RememberedCallers } from './remembered-callers.js';
import { Unauthorized } from './unauthorized.js';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 5;
const REFRESH_KEYS_MS = 10 * 60_000;
const KEYS_TIMEOUT_MS = 3_000;
/** Unknown key ids make us ask the identity provider again at most this often. */
const COOLDOWN_MS = 2_000;

/** How long a verified token is believed without another look at its signature, and how many of them. */
const REMEMBER_MS = 60_000;
const REMEMBERED_TOKENS = 2_000;

/** What can be stored and compared: 1 to 255 characters (OpenID Connect Core, section 2), whole and none for control. */
const SUBJECT = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** How jose reports keys it could not fetch: no answer in time, another status than 200, or not a key set. */
const PROVIDER_TROUBLE = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID']);

/**
 * Verifies access tokens (JWT, RFC 9068) against the keys of the identity provider: issuer, audience, algorithm and
 * `typ` are fixed here and never taken from the token. Keys are fetched at start, every ten minutes and for an
 * unknown key id; while the provider is away the known ones stay in use. A verified token is remembered for a minute,
 * never longer than it lasts, and not beyond the next fetch of keys.
 */
@Injectable()
export class AccessTokens implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(AccessTokens.name);
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;
  private memory = new RememberedCallers(REMEMBERED_TOKENS);
  private timer?: NodeJS.Timeout;

  constructor(private readonly config: ServiceConfig) {
    // The refresh below replaces keys; an age limit of jose's own would make every request wait for a dead provider.
    const limits = { cacheMaxAge: Infinity, cooldownDuration: COOLDOWN_MS, timeoutDuration: KEYS_TIMEOUT_MS };
    this.keys = createRemoteJWKSet(new URL(config.OIDC_JWKS_URL), { ...limits, [customFetch]: this.fetchKeys });
  }

  onModuleInit(): void {
    void this.refresh();
    this.timer = setInterval(() => void this.refresh(), REFRESH_KEYS_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Whom a token proved when it was verified, less than a minute ago. */
  remembered(token: string): VerifiedCaller | undefined {
    return this.memory.find(token, Date.now());
  }

  /** Throws {@link Unauthorized} for any token that does not prove who calls, whatever the reason. */
  async verify(token: string): Promise<VerifiedCaller> {
    // Keys that are fetched meanwhile take this memory away, and what was verified with the old ones with it.
    const { memory } = this;
    const claims = await this.claimsOf(token);
    const caller = callerOf(claims);
    memory.add(token, caller, Math.min(Date.now() + REMEMBER_MS, claims.exp! * 1000));
    return caller;
  }

  private async claimsOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.config.OIDC_ISSUER,
        audience: this.config.OIDC_AUDIENCE,
        algorithms: ALGORITHMS,
        typ: 'at+jwt',
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    } catch (error) {
      // A bad token is the caller's affair; a provider that cannot be asked is ours and worth a line.
      if (!(error instanceof errors.JOSEError) || PROVIDER_TROUBLE.has(error.code)) this.warn(error);
      throw new Unauthorized('invalid-token');
    }
  }

  /** Whatever was verified before keys were fetched is verified anew: one of its keys may have been withdrawn. */
  private readonly fetchKeys: FetchImplementation = async (url, options) => {
    const response = await fetch(url, options);
    if (response.ok) this.memory = new RememberedCallers(REMEMBERED_TOKENS);
    return response;
  };

  private async refresh(): Promise<void> {
    await this.keys.reload().catch((error: unknown) => this.warn(error));
  }

  private warn(error: unknown): void {
    this.logger.warn({ msg: 'keys of the identity provider cannot be fetched', error: safeError(error) });
  }
}

/** Frozen, because all requests with the same token are given the same object. */
function callerOf(claims: JWTPayload): VerifiedCaller {
  const { sub: subject, tenant_id: tenantId } = claims;
  const roles = Object.freeze(rolesOf(claims));
  if (typeof subject !== 'string' || !SUBJECT.test(subject)) throw new Unauthorized('invalid-token');
  if (tenantId === undefined && roles.includes('vendor-staff')) return Object.freeze({ subject, roles });
  if (!isUUID(tenantId)) throw new Unauthorized('no-tenant');
  return Object.freeze({ subject, roles, tenantId: String(tenantId).toLowerCase(), ...verifiedEmailOf(claims) });
}

/** OpenID Connect Core, section 5.1. */
function verifiedEmailOf({ email, email_verified: isVerified }: JWTPayload): Pick<VerifiedCaller, 'verifiedEmail'> {
  return typeof email === 'string' && isVerified === true ? { verifiedEmail: email } : {};
}

function rolesOf(claims: JWTPayload): Role[] {
  const given: readonly unknown[] = Array.isArray(claims.roles) ? claims.roles : [];
  return ROLES.filter((role) => given.includes(role));
}
