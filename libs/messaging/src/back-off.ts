import { setTimeout as delay } from 'node:timers/promises';

/** Waiting times that double from `firstMs` to `maxMs`; `reset()` after a success. */
export class BackOff {
  private nextMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
  ) {
    this.nextMs = firstMs;
  }

  reset(): void {
    this.nextMs = this.firstMs;
  }

  /** Waits the next time; ends early, without an error, when the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.nextMs;
    this.nextMs = Math.min(ms * 2, this.maxMs);
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
}
