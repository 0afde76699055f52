import type { Facts } from './facts.js';

/** Something that must hold after any run: how often it was looked at, and each time it did not hold. */
export interface Finding {
  readonly checked: number;
  readonly violations: readonly string[];
}

export interface Invariant {
  readonly name: string;
  look(facts: Facts): Finding | Promise<Finding>;
}

/** Looks at each of these; `wrong` says what is wrong with one, or nothing. */
export function each<T>(items: Iterable<T>, wrong: (item: T) => string | undefined): Finding {
  const all = [...items];
  return { checked: all.length, violations: all.flatMap((item) => wrong(item) ?? []) };
}

export const both = (...findings: Finding[]): Finding => ({
  checked: findings.reduce((sum, { checked }) => sum + checked, 0),
  violations: findings.flatMap(({ violations }) => violations),
});
