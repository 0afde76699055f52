/** When an instance of a service handled messages: read from its log, which must be at level `debug`. */
export class Pulse {
  private readonly beats: { readonly at: number; readonly handled: number }[] = [];

  readonly onLine = (line: string): void => {
    if (!line.includes('"chunk handled"')) return;
    const { time, handled } = JSON.parse(line) as { time: string; handled: number };
    if (handled > 0) this.beats.push({ at: Date.parse(time), handled });
  };

  /** The longest time without a handled message, in ms, among those that fall into this span even with a part of them. */
  longestGap({ from, to }: Span): number {
    const ends = [...this.beats.slice(1).map(({ at }) => at), to];
    const gaps = this.beats.map(({ at }, i) => ({ from: at, to: ends[i]! }));
    const inside = gaps.filter((gap) => gap.to >= from && gap.from <= to);
    return Math.max(0, ...inside.map((gap) => gap.to - gap.from));
  }

  /** How many were handled in each second of this span. */
  perSecond({ from, to }: Span): number[] {
    const counts = Array.from({ length: Math.ceil((to - from) / 1_000) }, () => 0);
    for (const { at, handled } of this.beats) {
      const second = Math.floor((at - from) / 1_000);
      if (counts[second] !== undefined) counts[second] += handled;
    }
    return counts;
  }
}

/** Two moments of `Date.now()`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
