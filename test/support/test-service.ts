import type { DynamicModule, INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { DataSource } from 'typeorm';
import { type Data, keyOf, MESSAGES, type Message, message, type MessageClass, type ServiceName } from '#contracts';
import { type IdentityProvider, startIdentityProvider, type TokenRequest } from '#local';
import { type ClassOf, loadConfig, migrate, type MigrationClass, Pumps, type ServiceConfig, startApp } from '#service';
import { Bindings } from '../../libs/messaging/src/bindings.js';
import { type ChunkResult, ChunkProcessor } from '../../libs/messaging/src/chunk-processor.js';
import { toHeaders } from '../../libs/messaging/src/cloud-event.js';
import { createTestDatabase } from './database.js';

export interface ServiceUnderTest<C extends ServiceConfig> {
  readonly service: ServiceName;
  readonly config: ClassOf<C>;
  readonly module: (config: C) => DynamicModule;
  readonly migrations: readonly MigrationClass[];
  readonly env?: Record<string, string>;
}

export interface Waiting {
  readonly type: string;
  readonly key: string;
  readonly data: Record<string, unknown>;
}

/** A service in this process, on a database of its own; its messages wait in the outbox because there is no broker. */
export interface TestService {
  readonly app: INestApplication;
  readonly url: string;
  /** The test's own connections, which see every tenant. */
  readonly db: DataSource;
  /** The service's, on which a statement sees only the tenant its transaction is bound to. */
  readonly appDb: DataSource;
  readonly ownerUrl: string;
  /** Hands messages to the service as its consumer would: validation, inbox, savepoints and dead letters included. */
  deliver<M extends Message>(
    type: MessageClass<M>,
    data: Data<M> | Data<M>[],
    about?: { source?: string; id?: string },
  ): Promise<ChunkResult>;
  /** What the service has said and nobody has fetched yet, oldest first. */
  outbox(): Promise<Waiting[]>;
  token(request: TokenRequest): Promise<string>;
  stop(): Promise<void>;
}

const NO_BROKER = '127.0.0.1:1';
let offset = 0;

export async function startTestService<C extends ServiceConfig>(parts: ServiceUnderTest<C>): Promise<TestService> {
  const [database, identity] = await Promise.all([createTestDatabase(), startIdentityProvider()]);
  await migrate(parts.service, database.ownerUrl, parts.migrations);
  const config = loadConfig(parts.config, environment(database.appUrl, identity, parts.env));
  const running = await startApp(parts.module(config)).catch(async (error: unknown) => {
    await identity.stop();
    throw error;
  });
  await running.usable();
  // They wait for the broker otherwise: a restored database must first learn who has been expunged.
  running.app.get(Pumps).start();
  const { app, url, stop } = running;
  const db = await everyTenant(database.appUrl).initialize();
  return {
    app,
    url,
    db,
    appDb: app.get(DataSource),
    ownerUrl: database.ownerUrl,
    deliver: (type, data, about) => deliver(app, type, [data].flat() as Data<Message>[], about),
    outbox: () => readOutbox(db),
    token: (request) => identity.token(request),
    stop: async () => {
      await stop();
      await db.destroy();
      await identity.stop();
    },
  };
}

const everyTenant = (url: string): DataSource =>
  new DataSource({
    type: 'postgres',
    url,
    installExtensions: false,
    extra: { options: '-c app.tenant_id=all -c timezone=UTC' },
  });

function environment(
  databaseUrl: string,
  identity: IdentityProvider,
  extra: Record<string, string> = {},
): Record<string, string> {
  return {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: NO_BROKER,
    OIDC_ISSUER: identity.issuer,
    OIDC_JWKS_URL: identity.jwksUrl,
    OIDC_AUDIENCE: identity.audience,
    LOG_LEVEL: 'silent',
    ...extra,
  };
}

/** Also checks each message as its readers will: what they would park must not be sent. */
async function readOutbox(db: DataSource): Promise<Waiting[]> {
  const waiting: Waiting[] = await db.query('SELECT type, key, data::jsonb AS data FROM outbox ORDER BY seq');
  for (const { type, data } of waiting) {
    const message = MESSAGES.find((one) => one.type === type)!;
    const problems = validateSync(plainToInstance(message, data), { whitelist: true, forbidNonWhitelisted: true });
    if (problems.length > 0)
      throw new Error(`${type} would be parked by its readers: ${problems.map(String).join(' ')}`);
  }
  return waiting;
}

function deliver(
  app: INestApplication,
  type: MessageClass,
  batch: Data<Message>[],
  { source = 'test', id }: { source?: string; id?: string } = {},
): Promise<ChunkResult> {
  const processor = new ChunkProcessor(app.get(DataSource), app.get(Bindings).byType);
  const records = batch.map((data) => {
    const key = keyOf(data);
    const about = { id: id ?? randomUUID(), key, source, time: new Date(), traceparent: '' };
    const headers = toHeaders(message(type, data), about);
    return {
      topic: type.topic,
      partition: 0,
      offset: String(offset++),
      key,
      headers,
      value: Buffer.from(JSON.stringify(data)),
    };
  });
  return processor.process(records);
}
