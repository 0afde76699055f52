import type { Run } from './split-into-runs.js';
import { beginSpan, type Span } from './spans.js';

/** A message that waits in the outbox. */
interface Waiting {
  readonly topic: string;
  readonly headers: Record<string, string>;
}

const typeOf = (headers: Record<string, string>): string => headers.ce_type?.split('.')[0] ?? 'unknown';

/** From when a message was put into the outbox to its acknowledgement by the broker. Returns what ends the spans. */
export function spansOfPublishing(rows: readonly Waiting[]): () => void {
  const spans = rows.flatMap(({ topic, headers }) => {
    const span = beginSpan({
      name: `publish ${typeOf(headers)}`,
      kind: 'producer',
      parent: headers.traceparent,
      startedAt: new Date(headers.ce_time ?? Date.now()),
      attributes: {
        'messaging.system': 'kafka',
        'messaging.destination.name': topic,
        'messaging.message.id': headers.ce_id ?? '',
      },
    });
    return span ? [span] : [];
  });
  return () => spans.forEach((span) => span.end());
}

/** The spans of one call of a handler. */
export interface HandlingSpans {
  /** For each message [key, traceparent, message id]: what follows from it is a part of its span. */
  readonly traces: readonly (readonly [string, string | undefined, string])[];
  end(about?: { readonly failed: boolean }): void;
}

/**
 * A span for each recorded message of the run, in the message's own trace: the messages of a batch belong to different people
 * and traces, and one span with links would end every trace at its first batch. How many are recorded is limited where
 * traces begin, so a full batch has a few spans and not hundreds.
 */
export function spansOfHandling(run: Run): HandlingSpans {
  const spans: Span[] = [];
  const traces = run.map(({ record, received, traceparent, binding }) => {
    const span = beginSpan({
      name: `handle ${binding.message.type}`,
      kind: 'consumer',
      parent: traceparent,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.destination.name': record.topic,
        'messaging.message.id': received.id,
        'messaging.batch.message_count': run.length,
      },
    });
    if (span) spans.push(span);
    return [record.key, span?.traceparent ?? traceparent, received.id] as const;
  });
  return { traces, end: (about) => spans.forEach((span) => span.end(about)) };
}
