/** An advisory that is known and left as it is: why it cannot hurt here, and when that is judged again. */
export interface Accepted {
  /** Its address, as `npm run audit:dependencies` prints it. */
  readonly advisory: string;
  readonly reason: string;
  /** ISO date. From then on it is a finding again. */
  readonly until: string;
}

export const ACCEPTED: readonly Accepted[] = [];
