import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { urlsOf } from '../bring-up.js';
import { fixedPorts, type ServiceName } from '../catalogue.js';
import { identitySecret, readConfig } from '../config.js';
import { type IdentityProvider, requestToken } from '../identity-provider.js';
import { assertOutsidePartsAnswer } from '../outside-parts.js';
import { repositoryRoot } from '../paths.js';
import type { Secrets } from '../secrets.js';
import { waitUntilReady } from '../services.js';
import { type Inbox, openMailpit } from './mailpit.js';

/** What a story needs of a system, whoever runs it. */
export interface DemoSystem {
  readonly urls: Record<ServiceName, string>;
  readonly brokers: string[];
  readonly identity: Pick<IdentityProvider, 'token'>;
  readonly secrets: Pick<Secrets, 'certificateJwksFile'>;
  readonly mail?: Inbox;
  /** The story may write beside it. */
  readonly logDir: string;
}

/** Where a system that somebody else runs can be reached. */
export interface ExternalAddresses {
  readonly urls: Record<ServiceName, string>;
  readonly brokers: string[];
  readonly tokenUrl: string;
  readonly inboxUrl: string;
  readonly clientSecret: string;
}

const PATIENCE_MS = 10_000;
const SECRET = ['compose', 'exec', '-T', 'identity', 'cat', '/admin/identity/client-secret'];

/** The addresses of docker-compose.yml, moved by PORT_BASE and KAFKA_BROKERS. */
export async function externalAddresses(): Promise<ExternalAddresses> {
  const config = readConfig();
  const ports = fixedPorts(config);
  return {
    urls: urlsOf(ports),
    brokers: config.kafkaBrokers ?? [`127.0.0.1:${ports.kafka}`],
    tokenUrl: `http://127.0.0.1:${ports.identity}/token`,
    inboxUrl: `http://127.0.0.1:${ports.web}`,
    clientSecret: identitySecret() ?? (await secretOfCompose()),
  };
}

/** Connects to a running system; rejects with a sentence about what does not answer. */
export async function connectExternal(addresses: ExternalAddresses, dataDir: string): Promise<DemoSystem> {
  const { urls, brokers, tokenUrl, inboxUrl, clientSecret } = addresses;
  for (const [name, url] of Object.entries(urls)) {
    await waitUntilReady(name, url, { timeoutMs: PATIENCE_MS, see: `${url}/health/ready` });
  }
  await assertOutsidePartsAnswer({ kafkaBrokers: brokers });
  const certificateJwksFile = join(dataDir, 'certificate-jwks.json');
  await writeFile(certificateJwksFile, await (await fetch(`${urls['privacy-service']}/.well-known/jwks.json`)).text());
  return {
    urls,
    brokers,
    identity: { token: (request) => requestToken(tokenUrl, clientSecret, request) },
    secrets: { certificateJwksFile },
    mail: await openMailpit(inboxUrl),
    logDir: join(dataDir, 'logs'),
  };
}

async function secretOfCompose(): Promise<string> {
  try {
    return (await promisify(execFile)('docker', SECRET, { cwd: repositoryRoot() })).stdout.trim();
  } catch (error) {
    throw new Error('No system runs in docker compose (docker compose up --wait). Elsewhere, set IDENTITY_SECRET.', {
      cause: error,
    });
  }
}
