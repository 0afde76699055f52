import { randomUUID } from 'node:crypto';
import {
  type Adapter,
  type KoaContextWithOIDC,
  type ResourceServer,
  type TokenEndpointGrantContext,
  type UnknownObject,
  errors,
} from 'oidc-provider';

export const AUDIENCE = 'contact-expunge';
export const ALGORITHM = 'RS256';
export const GRANT_TYPE = 'urn:contact-expunge:local';
export const CLIENT_ID = 'local';
/** The resource all tokens are for; resource indicators must be absolute URIs, the audience need not. */
export const RESOURCE = 'urn:contact-expunge';

/** Parameters of the grant, as they arrive in the form. */
export interface LocalGrant extends UnknownObject {
  subject?: string;
  tenant_id?: string;
  /** An address the provider is to have verified. */
  email?: string;
  /** Role names separated by spaces or commas. */
  roles?: string;
  /** Seconds. */
  expires_in?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a token for our services looks like. */
export const RESOURCE_SERVER: ResourceServer = {
  scope: '',
  audience: AUDIENCE,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: ALGORITHM } },
};

/** Token endpoint handler: an access token for whatever subject, tenant and roles are asked for. */
export async function grantToken(ctx: TokenEndpointGrantContext<LocalGrant>): Promise<void> {
  const { provider, client, params } = ctx.oidc;
  const seconds = checked(params);
  const token = new provider.AccessToken({
    accountId: params.subject ?? '',
    client,
    grantId: randomUUID(),
    gty: GRANT_TYPE,
    resourceServer: new provider.ResourceServer(RESOURCE, RESOURCE_SERVER),
    // The library knows no lifetime below one second; the token format turns back the clock of expired ones.
    expiresIn: Math.max(seconds, 1),
  });
  ctx.oidc.entity('AccessToken', token);
  ctx.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: seconds };
}

/** Claims beside the standard ones: `tenant_id` and a verified address when asked for, `roles` always. */
export function localClaims(ctx: KoaContextWithOIDC): UnknownObject {
  const params = (ctx.oidc.params ?? {}) as LocalGrant;
  const roles = (params.roles ?? '').split(/[\s,]+/).filter((role) => role !== '');
  return {
    roles,
    ...(params.tenant_id === undefined ? {} : { tenant_id: params.tenant_id }),
    ...(params.email === undefined ? {} : { email: params.email, email_verified: true }),
  };
}

function checked(params: LocalGrant): number {
  if (params.subject === undefined || params.subject === '') throw new errors.InvalidRequest('subject is missing');
  if (params.tenant_id !== undefined && !UUID.test(params.tenant_id)) {
    throw new errors.InvalidRequest('tenant_id is not a uuid');
  }
  const seconds = Number(params.expires_in ?? 3600);
  if (!Number.isSafeInteger(seconds)) throw new errors.InvalidRequest('expires_in is not a number of seconds');
  return seconds;
}

/**
 * Storage of the provider, which never has anything to store: the local grant gives signed tokens that carry
 * everything, and no other way to a token is open.
 */
export function noStorage(): Adapter {
  const nothing = async (): Promise<undefined> => undefined;
  return {
    find: nothing,
    findByUid: nothing,
    findByUserCode: nothing,
    upsert: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}
