import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { type JWK, exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { writePrivateJson } from './databases.js';
import {
  ALGORITHM,
  AUDIENCE,
  CLIENT_ID,
  GRANT_TYPE,
  type LocalGrant,
  RESOURCE,
  RESOURCE_SERVER,
  grantToken,
  localClaims,
  noStorage,
} from './local-grant.js';

export interface IdentityProviderOptions {
  /** A free one unless told. */
  port?: number;
  /** Where to listen, 127.0.0.1 unless told: nobody reaches a container's own loopback. The issuer stays the same. */
  host?: string;
  /** Signing keys (JWKS, mode 600) kept between starts; the client secret is kept beside them in `client-secret`. */
  keysFile?: string;
}

export interface TokenRequest {
  subject: string;
  /** A uuid; candidates and users of a tenant have one. */
  tenantId?: string;
  /** May be empty. */
  roles: string[];
  /** An address the token is to say is the subject's own. */
  verifiedEmail?: string;
  /** 3600 unless told; zero or less gives a token that has expired. */
  expiresInSeconds?: number;
}

export interface IdentityProvider {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** An access token (JWT, typ at+jwt, RS256) from the token endpoint. Rejects when the provider refuses. */
  token(request: TokenRequest): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts an OpenID Connect provider on 127.0.0.1 that plays the company's identity provider. Whoever knows
 * its client secret gets a token for any subject, tenant and roles: for one machine only, never beyond it.
 * By hand: `curl -s -u local:$(cat .local/identity/client-secret) http://127.0.0.1:3100/token
 * -d grant_type=urn:contact-expunge:local -d subject=rita -d tenant_id=<uuid> -d roles=recruiter`
 * Rejects when the port is taken.
 */
export async function startIdentityProvider(options: IdentityProviderOptions = {}): Promise<IdentityProvider> {
  const keys = await signingKeys(options.keysFile);
  const clientSecret = secretBeside(options.keysFile);
  const server = createServer();
  const port = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, configuration(keys, clientSecret));
  provider.registerGrantType<LocalGrant>(GRANT_TYPE, grantToken, [
    'subject',
    'tenant_id',
    'roles',
    'email',
    'expires_in',
  ]);
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  const tokenUrl = `${issuer}/token`;
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    audience: AUDIENCE,
    tokenUrl,
    clientId: CLIENT_ID,
    clientSecret,
    token: (request) => requestToken(tokenUrl, clientSecret, request),
    stop: () => close(server),
  };
}

function configuration(keys: JWK[], clientSecret: string): Configuration {
  return {
    adapter: noStorage,
    jwks: { keys: keys as NonNullable<Configuration['jwks']>['keys'] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: clientSecret,
        grant_types: [GRANT_TYPE],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    clientAuthMethods: ['client_secret_basic'],
    responseTypes: ['code'],
    extraTokenClaims: localClaims,
    formats: {
      customizers: {
        // A token that has already expired, for those who test what happens then.
        jwt: (context, _token, jwt) => {
          const asked = Number(context.oidc.params?.['expires_in'] ?? 1);
          if (asked <= 0) jwt.payload['exp'] = Number(jwt.payload['iat']) + asked;
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => RESOURCE_SERVER,
      },
    },
  };
}

/** Asks a token endpoint of ours for a token. Rejects when the provider refuses. */
export async function requestToken(url: string, secret: string, request: TokenRequest): Promise<string> {
  const body = new URLSearchParams({
    grant_type: GRANT_TYPE,
    subject: request.subject,
    roles: request.roles.join(' '),
    ...(request.tenantId === undefined ? {} : { tenant_id: request.tenantId }),
    ...(request.verifiedEmail === undefined ? {} : { email: request.verifiedEmail }),
    ...(request.expiresInSeconds === undefined ? {} : { expires_in: String(request.expiresInSeconds) }),
  });
  const authorization = `Basic ${Buffer.from(`${CLIENT_ID}:${secret}`).toString('base64')}`;
  const response = await fetch(url, { method: 'POST', headers: { authorization }, body });
  const answer = (await response.json()) as { access_token?: string; error?: string; error_description?: string };
  if (answer.access_token === undefined) {
    throw new Error(
      `the identity provider refused: ${answer.error ?? response.status} ${answer.error_description ?? ''}`,
    );
  }
  return answer.access_token;
}

async function signingKeys(file?: string): Promise<JWK[]> {
  if (file !== undefined && existsSync(file)) {
    return (JSON.parse(readFileSync(file, 'utf8')) as { keys: JWK[] }).keys;
  }
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true, modulusLength: 2048 });
  const kid = randomBytes(8).toString('hex');
  const keys = [{ ...(await exportJWK(privateKey)), kid, alg: ALGORITHM, use: 'sig' }];
  if (file !== undefined) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writePrivateJson(file, { keys });
  }
  return keys;
}

function secretBeside(keysFile?: string): string {
  const file = keysFile === undefined ? undefined : join(dirname(keysFile), 'client-secret');
  if (file !== undefined && existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = randomBytes(24).toString('base64url');
  if (file !== undefined) writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
