import type { Shipped } from './lock-file.js';

/** What may be shipped in a product of any licence, together with its notice. A licence that is not here is for people to judge. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0', 'Unlicense']);

/** Packages that say their licence where npm does not look, read by hand. Of one version: the next is to be read again. */
export const READ_BY_HAND: Readonly<Record<string, string>> = {
  // An old field, `licenses`, of package.json; the LICENSE file agrees.
  'busboy@1.6.0': 'MIT',
  'streamsearch@1.1.0': 'MIT',
};

export const licenceOf = ({ id, licence }: Shipped): string | undefined => licence ?? READ_BY_HAND[id];

/** Packages whose licence is unknown or not allowed, and licences read by hand that nothing needs any more. */
export function licenceProblems(shipped: readonly Shipped[]): string[] {
  const needed = new Set(shipped.filter(({ licence }) => licence === undefined).map(({ id }) => id));
  return [
    ...shipped
      .filter((one) => !allowed(licenceOf(one)))
      .map((one) => `${one.id}: ${licenceOf(one) ?? 'says no licence'}, which is not on the list of allowed licences`),
    ...Object.keys(READ_BY_HAND)
      .filter((id) => !needed.has(id))
      .map((id) => `${id}: its licence need not be read by hand any more`),
  ];
}

/** How many packages there are of each licence, the most frequent first. */
export function licenceCounts(shipped: readonly Shipped[]): string {
  const counts = Object.entries(Object.groupBy(shipped, (one) => licenceOf(one) ?? 'unknown'));
  return counts
    .map(([licence, { length } = []]) => ({ licence, length }))
    .sort((one, other) => other.length! - one.length!)
    .map(({ licence, length }) => `${licence} ${length}`)
    .join(', ');
}

/** Of an SPDX expression: one of the choices, or all that hold together. Nested ones are for people. */
function allowed(expression = ''): boolean {
  const parts = expression.replace(/^\((.*)\)$/, '$1').split(/ (AND|OR) /);
  const names = parts.filter((_, n) => n % 2 === 0);
  const words = new Set(parts.filter((_, n) => n % 2 === 1));
  if (words.size > 1) return false;
  return words.has('OR') ? names.some((name) => ALLOWED.has(name)) : names.every((name) => ALLOWED.has(name));
}
