import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { DataSource } from 'typeorm';
import {
  ContactDataErased,
  type Data,
  ExpungeRequested,
  type ExpungeWaiting,
  type Message,
  message,
  type MessageClass,
  keyOf,
} from '#contracts';
import { waitUntil } from '#local';
import { Pumps, Readiness } from '#service';
import { Bindings } from '../../../libs/messaging/src/bindings.js';
import { type ChunkResult, ChunkProcessor } from '../../../libs/messaging/src/chunk-processor.js';
import { toHeaders } from '../../../libs/messaging/src/cloud-event.js';
import { startTestService, type TestService } from '../../../test/support/test-service.js';
import { AppModule } from '../src/app.module.js';
import { PrivacyConfig } from '../src/config.js';
import { migrations } from '../src/migrations/index.js';

export const BUILT_IN = ['contact-service', 'workflow-service', 'notification-service'];
export const ISSUER = 'https://privacy.example';

/** An Ed25519 key with its private part. */
export const aKey = (kid: string): JWK =>
  ({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid }) as JWK;

export async function aKeyFile(...keys: JWK[]): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'certificate-keys-')), 'jwks.json');
  await writeFile(path, JSON.stringify({ keys }));
  return path;
}

export interface PrivacyTestService extends TestService {
  readonly keys: JWK[];
  readonly keysFile: string;
  /** Connections like the service's own that it does not use: messages are handled here, and statements can be counted. */
  readonly quiet: DataSource;
  /** One chunk of messages of any types and senders, as a consumer would hand it over. */
  deliverMixed(...mixed: Mixed[]): Promise<ChunkResult>;
}

export async function startPrivacyService(env: Record<string, string> = {}): Promise<PrivacyTestService> {
  const keys = [aKey('current'), aKey('retired')];
  const keysFile = await aKeyFile(...keys);
  const service = await startTestService({
    service: 'privacy-service',
    config: PrivacyConfig,
    module: (config) => AppModule.forConfig(config),
    migrations,
    env: { CERTIFICATE_KEYS_FILE: keysFile, CERTIFICATE_ISSUER: ISSUER, ...env },
  });
  await stopPumps(service);
  const quiet = await new DataSource(service.appDb.options).initialize();
  const processor = new ChunkProcessor(quiet, service.app.get(Bindings).byType);
  return {
    ...service,
    keys,
    keysFile,
    quiet,
    deliver: (type, data, { source = 'contact-service' } = {}) =>
      processor.process(([data].flat() as Data<Message>[]).map((one) => toRecord({ type, data: one, source }))),
    deliverMixed: (...mixed) => processor.process(mixed.map(toRecord)),
    stop: async () => {
      await quiet.destroy();
      await service.stop();
    },
  };
}

/** Nothing is asked again by itself, so that what a test sees is its own doing. */
async function stopPumps({ app }: TestService): Promise<void> {
  const started = () => !app.get(Readiness).problems().includes('starting') || undefined;
  await waitUntil(started, { what: 'the service has begun its work', timeoutMs: 30_000 });
  await app.get(Pumps).stop();
}

export interface Mixed {
  readonly type: MessageClass;
  readonly data: Data<Message>;
  readonly source: string;
}

let offset = 0;

function toRecord({ type, data, source }: Mixed) {
  const key = keyOf(data);
  const about = { id: randomUUID(), key, source, time: new Date(), traceparent: '' };
  const headers = toHeaders(message(type, data), about);
  const value = Buffer.from(JSON.stringify(data));
  return { topic: type.topic, partition: 0, offset: String(offset++), key, headers, value };
}

export const aToken = (): string => randomBytes(32).toString('base64url');
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

export const aRequest = (given: Partial<Data<ExpungeRequested>> = {}): Data<ExpungeRequested> => ({
  tenantId: randomUUID(),
  contactId: randomUUID(),
  expungeId: randomUUID(),
  reason: 'account-deleted',
  requestedBy: 'candidate',
  requestedAt: '2026-01-02T03:04:05.678Z',
  statusTokenHash: hashOf(aToken()),
  subjectCommitment: hashOf('salt and address'),
  sealedRecipient: `eyJhbGciOiJkaXIifQ..${randomBytes(16).toString('base64url')}.c2VhbGVk.dGFn`,
  ...given,
});

/** The same request while it may not begin. */
export const aWaiting = (
  { sealedRecipient: _sealed, subjectCommitment: _commitment, ...request }: Data<ExpungeRequested>,
  given: Partial<Data<ExpungeWaiting>> = {},
): Data<ExpungeWaiting> => ({ ...request, waitingFor: ['hold'], at: request.requestedAt, ...given });

type Ids = Pick<Data<ExpungeRequested>, 'tenantId' | 'contactId' | 'expungeId'>;

export const idsOf = ({ tenantId, contactId, expungeId }: Ids): Ids => ({ tenantId, contactId, expungeId });

/** What a participant answers when it has erased its part. */
export function evidenceOf(participant: string, request: Ids, given: Partial<Data<ContactDataErased>> = {}): Mixed {
  const outcome = participant === 'contact-service' ? 'erased' : 'nothing_held';
  const erased = outcome === 'erased' ? 2 : 0;
  const stores = [{ store: 'rows', erased, remaining: 0 }];
  const data: Data<ContactDataErased> = {
    ...idsOf(request),
    participant,
    outcome,
    stores,
    at: new Date().toISOString(),
    ...given,
  };
  return { type: ContactDataErased, source: participant, data };
}

export const allEvidence = (request: Ids): Mixed[] => BUILT_IN.map((name) => evidenceOf(name, request));

/** A request with all its evidence, so with its certificate. */
export async function anExpunged(service: PrivacyTestService, given: Partial<Data<ExpungeRequested>> = {}) {
  const request = aRequest(given);
  await service.deliver(ExpungeRequested, request, { source: 'contact-service' });
  await service.deliverMixed(...allEvidence(request));
  return request;
}

export async function rowOf(service: TestService, { expungeId }: Ids): Promise<Record<string, unknown>> {
  const [row] = await service.db.query('SELECT * FROM expunge_request WHERE expunge_id = $1', [expungeId]);
  return row;
}

export const saidAbout = async (service: TestService, { contactId }: Ids) =>
  (await service.outbox()).filter(({ key }) => key === contactId);
