/** So many in a second, and as many at once (a token bucket). */
export class TraceBudget {
  private tokens: number;
  private filledAtMs = 0;

  constructor(private readonly perSecond: number) {
    this.tokens = perSecond;
  }

  /** Whether there is one left; takes it. `nowMs` is of a steady clock. */
  take(nowMs: number): boolean {
    const earned = ((nowMs - this.filledAtMs) / 1_000) * this.perSecond;
    this.tokens = Math.min(this.perSecond, this.tokens + earned);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
