import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { type Routes, ROUTES } from '#contracts';
import { loadConfig, ServiceConfig } from '../src/config.js';
import { ServiceModule, type ServiceParts } from '../src/service.module.js';

/** For the tests of this library only: a small service, and an identity provider's keys over real HTTP. */
@Module({})
class TestModule {}

export const TENANT = '6f1c1d5e-8f4f-4f0c-9c58-2f4b5a1d7e01';

/** The lines of the table that every service has. */
const EVERYWHERE: Routes = Object.fromEntries(
  Object.entries(ROUTES['contact-service']).filter(([route]) => Object.hasOwn(ROUTES['privacy-service'], route)),
);

/** `parts.routes` are the lines for the test's own controllers. */
export function testModule(
  env: Record<string, string>,
  controllers: Type[] = [],
  parts: Partial<ServiceParts> = {},
): DynamicModule {
  const config = loadConfig(ServiceConfig, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/none',
    KAFKA_BROKERS: '127.0.0.1:1',
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
    LOG_LEVEL: 'silent',
    STOP_DEADLINE_SECONDS: '20',
    ...env,
  });
  const service = { name: 'contact-service' as const, config, entities: [], migrations: [], subscriptions: [] };
  const routes = { ...EVERYWHERE, ...parts.routes };
  return { module: TestModule, imports: [ServiceModule.forService({ ...service, ...parts, routes })], controllers };
}

/** Signs access tokens and serves the public keys; `stop()` takes the provider away. */
export class TestIssuer {
  readonly issuer = 'http://issuer.test';
  private readonly keys: JWK[] = [];
  private readonly privateKeys = new Map<string, CryptoKey>();
  private server: Server;

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    await issuer.addKey('ES256', 'first');
    issuer.server = createServer((_, response) => response.end(JSON.stringify({ keys: issuer.keys })));
    await new Promise<void>((resolve) => issuer.server.listen(0, '127.0.0.1', resolve));
    return issuer;
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks`;
  }

  get env(): Record<string, string> {
    return { OIDC_ISSUER: this.issuer, OIDC_JWKS_URL: this.jwksUrl };
  }

  get publicKeys(): readonly JWK[] {
    return this.keys;
  }

  async addKey(alg: string, kid: string, published = true): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    this.privateKeys.set(kid, privateKey);
    if (published) this.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
  }

  /** Adds whatever a provider might publish by mistake. */
  publish(key: JWK): void {
    this.keys.push(key);
  }

  /** Rotation: the key is not published any more. */
  withdraw(kid: string): void {
    this.keys.splice(
      this.keys.findIndex((key) => key.kid === kid),
      1,
    );
  }

  /** A valid token of a recruiter; claims and header may be replaced (undefined removes one). */
  sign(
    claims: Record<string, unknown> = {},
    header: Partial<JWTHeaderParameters> = {},
    key?: Uint8Array | CryptoKey,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: this.issuer,
      aud: 'contact-expunge',
      sub: 'user-1',
      iat: now,
      exp: now + 300,
      ...DEFAULTS,
      ...claims,
    };
    const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'first', ...header };
    return new SignJWT(all).setProtectedHeader(protectedHeader).sign(key ?? this.privateKeys.get(protectedHeader.kid)!);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const DEFAULTS = { tenant_id: TENANT, roles: ['recruiter'] };
