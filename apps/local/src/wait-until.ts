import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for; the error says it did not happen. */
  what: string;
  timeoutMs: number;
  /** Pause between two looks, 25 ms unless told. */
  everyMs?: number;
  /** Where to read on when it did not happen, usually a log file. */
  see?: string;
}

/**
 * Looks until `probe` gives something other than undefined, and returns that. A probe that
 * throws ends the wait with its error. After `timeoutMs` an Error says what was missing and
 * where to read on.
 */
export async function waitUntil<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() >= deadline) {
      const see = options.see === undefined ? '' : ` (see ${options.see})`;
      throw new Error(`${options.what}: not within ${options.timeoutMs} ms${see}`);
    }
    await pause(options.everyMs ?? 25);
  }
}

/** True when the promise settled within `timeoutMs`; its outcome is left to others. */
export async function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = pause(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const settled = promise.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, late]);
  timer.abort();
  return result;
}
