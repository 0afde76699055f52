import { Injectable } from '@nestjs/common';
import { Histogram, Registry } from 'prom-client';

/** From a read that is answered from memory to an upload. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** How long requests take, by route pattern: the url may hold a token or what somebody typed. */
@Injectable()
export class MeasureRequests {
  private readonly seconds: Histogram<'method' | 'route' | 'status'>;

  constructor(registry: Registry) {
    this.seconds = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'From the first byte of a request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers: [registry],
    });
  }

  answered(method: string, route: string, status: number, ms: number): void {
    this.seconds.observe({ method, route, status }, ms / 1_000);
  }
}
