/** What a span says. Never anything about a person: names are route patterns and message types, attributes ids and counts. */
export interface SpanParts {
  readonly name: string;
  readonly kind: 'server' | 'producer' | 'consumer' | 'client';
  /** The traceparent of what this is a part of; a trace of its own without. */
  readonly parent?: string;
  /** The traceparent of what this follows from after a long wait (a timer, a budget): a trace of days is no trace. */
  readonly follows?: string;
  readonly attributes?: Attributes;
  readonly startedAt?: Date;
}

export type Attributes = Readonly<Record<string, string | number>>;

/** A span that has begun. */
export interface Span {
  /** Names this span: for what is a part of it. */
  readonly traceparent: string;
  /** Ends it. `failed` says that the work has to be done again or was given up; why is in the log. */
  end(about?: { readonly failed?: boolean; readonly name?: string; readonly attributes?: Attributes }): void;
}

/** Where spans go. */
export interface SpanRecorder {
  /** Whether one more trace may be begun in this moment. */
  admits(): boolean;
  begin(parts: SpanParts): Span;
}

/** One for the process; there is none unless traces are switched on, and then nothing below costs anything. */
let recorder: SpanRecorder | undefined;

/** From now on spans go there; undefined switches them off. */
export function recordSpans(to: SpanRecorder | undefined): void {
  recorder = to;
}

/** A part of a recorded trace, or what follows from it; undefined when traces are off or that trace is not recorded. */
export function beginSpan(parts: SpanParts): Span | undefined {
  if (recorder === undefined || !isRecorded(parts.parent ?? parts.follows)) return undefined;
  return recorder.begin(parts);
}

/** A trace that somebody looks at ends; what is done later is the beginning of another one, which says what it follows. */
const LONG_WAIT_MS = 10 * 60_000;

/** Whether what waited since then is a part of that trace still, or follows it. */
export function partOrFollower(traceparent: string | undefined, since: Date): Pick<SpanParts, 'parent' | 'follows'> {
  return Date.now() - since.getTime() < LONG_WAIT_MS ? { parent: traceparent } : { follows: traceparent };
}

/**
 * The first span in these services: of a request from outside, whose traceparent may be given. Undefined when traces are off,
 * when the caller's trace is not recorded, and when enough were begun in this second.
 */
export function beginTrace(parts: SpanParts): Span | undefined {
  if (recorder === undefined || (parts.parent !== undefined && !isRecorded(parts.parent))) return undefined;
  return recorder.admits() ? recorder.begin(parts) : undefined;
}

/** The flag `sampled` of a traceparent (W3C Trace Context, section 3.2.2.5). */
export const isRecorded = (traceparent: string | undefined): boolean =>
  traceparent !== undefined && (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;

/** What is handed on when this process records spans, but none of this trace: nobody after it need try. */
export const unrecorded = (traceparent: string): string =>
  recorder === undefined ? traceparent : `${traceparent.slice(0, -2)}00`;
