import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { recordSpans, safeError } from '#messaging';
import { ServiceConfig } from '../config.js';
import { SERVICE_NAME } from '../openapi/openapi.controller.js';

const FLUSH_MS = 3_000;

/**
 * Traces, when OTEL_EXPORTER_OTLP_ENDPOINT is set: spans are sent there. OpenTelemetry is loaded only then. Whoever takes them
 * may be away: spans are then dropped, and nothing waits for it.
 */
@Injectable()
export class Traces implements OnApplicationShutdown {
  private readonly logger = new Logger('traces');
  private flush: (() => Promise<void>) | undefined;

  constructor(
    private readonly config: ServiceConfig,
    @Inject(SERVICE_NAME) private readonly service: string,
  ) {}

  async start(): Promise<void> {
    const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACES_PER_SECOND: perSecond } = this.config;
    if (endpoint === undefined) return;
    const { otlpRecorder } = await import('./otlp-recorder.js');
    const { recorder, shutdown } = otlpRecorder({ service: this.service, endpoint, perSecond });
    recordSpans(recorder);
    this.flush = shutdown;
  }

  /** Sends what is left, for three seconds at most. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.flush) return;
    recordSpans(undefined);
    const flushed = this.flush().catch((error: unknown) => {
      this.logger.warn({ msg: 'the last spans could not be sent', error: safeError(error) });
    });
    await Promise.race([flushed, delay(FLUSH_MS, undefined, { ref: false })]);
  }
}
