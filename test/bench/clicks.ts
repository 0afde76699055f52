import { createPrivateKey, type JsonWebKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestSystem } from '../support/test-system.js';
import type { Account } from './seed.js';

const AT_ONCE = 16;
const TOKEN_SECONDS = 3_600;

/** Signs a person in; what comes back presses Delete Account. */
export type Click = (account: Account) => () => Promise<void>;

/** Tokens are signed here with the identity provider's key: asking it for each would take longer than the clicks. */
export function clicksOn(system: TestSystem, tenantId: string): Click {
  const url = `${system.urls['contact-service']}/v1/account`;
  const token = tokens(system, tenantId);
  return ({ candidateSubject }) => {
    const headers = { authorization: `Bearer ${token(candidateSubject)}` };
    return async () => {
      const response = await fetch(url, { method: 'DELETE', headers });
      await response.arrayBuffer();
      if (response.status !== 202) throw new Error(`Delete Account was answered ${response.status}`);
    };
  };
}

/** All of them, some at once; returns how many a second there were. */
export async function clickAll(click: Click, accounts: readonly Account[]): Promise<number> {
  const waiting = accounts.values();
  const begun = performance.now();
  const worker = async (): Promise<void> => {
    for (const account of waiting) await click(account)();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return (accounts.length * 1_000) / (performance.now() - begun);
}

function tokens({ identity, dataDir }: TestSystem, tenantId: string): (subject: string) => string {
  const file = readFileSync(join(dataDir, 'identity', 'signing-keys.json'), 'utf8');
  const [jwk] = (JSON.parse(file) as { keys: [JsonWebKey & { kid: string }] }).keys;
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const header = base64url({ alg: 'RS256', typ: 'at+jwt', kid: jwk.kid });
  const { issuer: iss, audience: aud, clientId: client_id } = identity;
  return (sub) => {
    const iat = Math.floor(Date.now() / 1_000);
    const times = { iat, exp: iat + TOKEN_SECONDS };
    const claims = { iss, aud, client_id, sub, jti: randomUUID(), roles: ['candidate'], tenant_id: tenantId, ...times };
    const signed = `${header}.${base64url(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  };
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
