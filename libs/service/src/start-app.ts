import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { KafkaBatchServer, SafeMessageError } from '#messaging';
import { ServiceConfig } from './config.js';
import { DatabaseLink } from './database-link.js';
import { gracefulStop } from './graceful-stop.js';
import { configureHttp } from './http.js';
import { LastAnswers } from './last-answers.js';
import { ServiceLogger } from './logging.js';
import { MetricsServer } from './metrics/metrics-server.js';
import { Readiness } from './readiness.js';
import { ServiceLifecycle } from './service-lifecycle.js';
import { Traces } from './traces/traces.js';

const PATIENCE_MS = 20_000;

class NotReached extends SafeMessageError {}

/** A service that answers HTTP; its database, relay, consumer and pumps begin in the background. */
export interface RunningApp {
  readonly app: INestApplication;
  /** For example http://127.0.0.1:3001, without a slash at the end. */
  readonly url: string;
  /** Resolves when requests are answered: the database is connected and its schema new enough (within 20 s). */
  usable(): Promise<void>;
  /** Resolves when nothing keeps it from being ready; rejects with the reasons after 20 s. */
  ready(): Promise<void>;
  /** The graceful stop, in its order and with its deadline. */
  stop(): Promise<void>;
}

/**
 * Starts a service in this process, the way `serve` does: HTTP first, so that health is answered from the first
 * moment. Rejects when it cannot start at all (configuration, wiring, open route, port taken).
 */
export async function startApp(module: DynamicModule): Promise<RunningApp> {
  const options = { bodyParser: false, bufferLogs: true, autoFlushLogs: false, abortOnError: false };
  const app = await NestFactory.create<NestExpressApplication>(module, options);
  app.useLogger(app.get(ServiceLogger));
  // Nothing else lets the lines out before the consumer starts: without a database the service would be mute.
  app.flushLogs();
  const config = app.get(ServiceConfig);
  configureHttp(app);
  const lastAnswers = new LastAnswers(app.getHttpServer() as Server);
  app.connectMicroservice({ strategy: app.get(KafkaBatchServer) });
  await app.get(Traces).start();
  await app.get(MetricsServer).start();
  await app.listen(config.HTTP_PORT, config.HTTP_HOST);
  app.get(ServiceLifecycle).start(() => app.startAllMicroservices());
  const readiness = app.get(Readiness);
  return {
    app,
    url: addressOf(app.getHttpServer() as Server, config.HTTP_HOST),
    usable: () => until(() => app.get(DatabaseLink).usable, readiness),
    ready: () => until(() => readiness.problems().length === 0, readiness),
    stop: () => gracefulStop(app, lastAnswers, config.STOP_DEADLINE_SECONDS),
  };
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;
}

async function until(reached: () => boolean, readiness: Readiness): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!reached()) {
    if (performance.now() > deadline) throw new NotReached(readiness.problems().join('; '));
    await sleep(10);
  }
}
