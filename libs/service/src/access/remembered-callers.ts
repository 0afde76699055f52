import type { VerifiedCaller } from './caller.js';

interface Remembered {
  readonly caller: VerifiedCaller;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/**
 * The tokens verified lately: a caller sends the same token with every request, and checking its signature each time would
 * cost a tenth of a read. Under the whole token, since a digest would cost more than all the rest of the look. Holds at
 * most `limit`; the one not used for the longest time goes.
 */
export class RememberedCallers {
  private readonly byToken = new Map<string, Remembered>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.byToken.size;
  }

  /** Undefined for a token that is not known, or not any more at `now` (milliseconds since 1970). */
  find(token: string, now: number): VerifiedCaller | undefined {
    const found = this.byToken.get(token);
    if (!found) return undefined;
    this.byToken.delete(token);
    if (found.until <= now) return undefined;
    // Put back as the newest: a Map keeps the order in which its keys came.
    this.byToken.set(token, found);
    return found.caller;
  }

  add(token: string, caller: VerifiedCaller, until: number): void {
    this.byToken.set(token, { caller, until });
    const [oldest] = this.byToken.keys();
    if (this.byToken.size > this.limit && oldest !== undefined) this.byToken.delete(oldest);
  }
}
