import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { safeError, SafeMessageError } from '#messaging';
import { ServiceConfig } from '../config.js';
import { SERVICE_NAME } from '../openapi/openapi.controller.js';
import { DatabaseReadings } from './database-readings.js';

const EVENT_LOOP_LOOK_MS = 20;

/** Somebody else has the port, or we may not have it. */
export class MetricsPortUnusable extends SafeMessageError {}

/**
 * Answers `GET /metrics` in Prometheus' format on a port of its own, METRICS_PORT, which no route to the outside leads to; on
 * none when that is not set. Nobody need say who he is: there are counts and times, never ids. It answers as long as the
 * process lives, with the database away too.
 */
@Injectable()
export class MetricsServer implements OnApplicationShutdown {
  private readonly logger = new Logger('metrics');
  private server: Server | undefined;

  constructor(
    private readonly config: ServiceConfig,
    private readonly registry: Registry,
    private readonly readings: DatabaseReadings,
    @Inject(SERVICE_NAME) private readonly service: string,
  ) {}

  /** Undefined while it does not listen. */
  get port(): number | undefined {
    return (this.server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Throws {@link MetricsPortUnusable}. */
  async start(): Promise<void> {
    const { METRICS_PORT: port, HTTP_HOST: host } = this.config;
    if (port === undefined) return;
    this.registry.setDefaultLabels({ service: this.service });
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS });
    const server = createServer(
      (request, response) => void this.answer(request, response).catch((error: unknown) => this.fail(response, error)),
    );
    server.listen({ port, host });
    await once(server, 'listening').catch((error: unknown) => {
      throw new MetricsPortUnusable(`METRICS_PORT: cannot listen on port ${port} (${safeError(error).code}).`);
    });
    // The service decides how long the process lives.
    this.server = server.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    this.registry.clear();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    await this.readings.refresh();
    const text = await this.registry.metrics();
    response.writeHead(200, { 'content-type': this.registry.contentType }).end(text);
  }

  /** A value that cannot be told must not take the service with it. */
  private fail(response: ServerResponse, error: unknown): void {
    this.logger.error({ msg: 'metrics could not be told', error: safeError(error) });
    response.writeHead(500).end();
  }
}
