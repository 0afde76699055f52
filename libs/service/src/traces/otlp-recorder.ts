import {
  ROOT_CONTEXT,
  type Span as OtelSpan,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Span, SpanParts, SpanRecorder } from '#messaging';
import { TraceBudget } from './trace-budget.js';

const EXPORT_TIMEOUT_MS = 3_000;
const KINDS = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const;

interface Settings {
  readonly service: string;
  /** Without `/v1/traces`. */
  readonly endpoint: string;
  readonly perSecond: number;
}

/**
 * Sends spans in batches, by OTLP over HTTP. Nothing is detected about the machine, nothing is patched and no global is set: the
 * spans are those that our code makes, in the traces that our messages carry.
 */
export function otlpRecorder({ service, endpoint, perSecond }: Settings): {
  recorder: SpanRecorder;
  shutdown(): Promise<void>;
} {
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    // What is recorded was decided where the trace began.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const tracer = provider.getTracer('contact-expunge');
  const budget = new TraceBudget(perSecond);
  const begin = ({ name, kind, parent, follows, attributes, startedAt }: SpanParts): Span => {
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
    const links = follows === undefined ? [] : [{ context: contextOf(follows) }];
    return spanOf(tracer.startSpan(name, { kind: KINDS[kind], attributes, links, startTime: startedAt }, context));
  };
  return { recorder: { admits: () => budget.take(performance.now()), begin }, shutdown: () => provider.shutdown() };
}

function contextOf(traceparent: string): SpanContext {
  const [, traceId, spanId, flags] = traceparent.split('-') as [string, string, string, string];
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function spanOf(span: OtelSpan): Span {
  const { traceId, spanId } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-01`,
    end: ({ failed, name, attributes } = {}) => {
      if (name !== undefined) span.updateName(name);
      if (attributes !== undefined) span.setAttributes(attributes);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
