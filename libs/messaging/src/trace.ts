import { AsyncLocalStorage } from 'node:async_hooks';
import { idBytes } from './random-bytes.js';
import { isRecorded } from './spans.js';

/** Where a piece of work belongs: W3C trace context, and the message being handled, if it is one. */
export interface Trace {
  readonly traceparent: string;
  readonly messageId?: string;
  /** In a batch: the trace of each key, so that what follows from one message carries on that message's trace. */
  readonly byKey?: ReadonlyMap<string, string>;
}

const storage = new AsyncLocalStorage<Trace>();
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs `fn` within a trace; starts a new one when none, or an invalid one, is given (W3C Trace Context, section 3.2). */
export function runWithTrace<T>(traceparent: string | undefined, messageId: string | undefined, fn: () => T): T {
  return storage.run({ traceparent: asTraceparent(traceparent), messageId }, fn);
}

/** The same for a batch of messages, given as [key, traceparent, message id]. */
export function runWithBatchTrace<T>(
  batch: readonly (readonly [string, string | undefined, string])[],
  fn: () => T,
): T {
  const byKey = new Map(batch.map(([key, traceparent]) => [key, asTraceparent(traceparent)]));
  const [only] = batch;
  const messageId = batch.length === 1 ? only?.[2] : undefined;
  return storage.run({ traceparent: asTraceparent(only?.[1]), messageId, byKey }, fn);
}

export const currentTrace = (): Trace | undefined => storage.getStore();

/** The traceparent for a message with this key. */
export const traceparentOf = (key: string): string => {
  const trace = currentTrace();
  return asTraceparent(trace?.byKey?.get(key) ?? trace?.traceparent);
};

/** The same, to be kept beside work that is done later; undefined when nobody records that trace. */
export function recordedTraceOf(key: string): string | undefined {
  const trace = currentTrace();
  const traceparent = trace?.byKey?.get(key) ?? trace?.traceparent;
  return isRecorded(traceparent) ? traceparent : undefined;
}

/** This one, or a new one when there is none or it is invalid. */
export const asTraceparent = (value: string | undefined): string =>
  value !== undefined && TRACEPARENT.test(value) ? value : newTraceparent();

/** Ids for the log lines of one piece of work. No span is recorded for it, and the flags say so. */
function newTraceparent(): string {
  const id = idBytes(24).toString('hex');
  return `00-${id.slice(0, 32)}-${id.slice(32)}-00`;
}
