import { drift } from './drift.js';
import { type Exception, EXCEPTIONS } from './exceptions.js';
import type { Manifest } from './manifest.js';
import { RULES } from './rules/index.js';

/** Something that can be applied: an overlay, or the base with some components. */
export interface Build {
  readonly name: string;
  readonly objects: readonly Manifest[];
}

export interface Inspection {
  /** `<build>: <object>: <problem> (<rule>)` */
  readonly findings: string[];
  readonly excused: number;
}

/** All rules on all builds. Findings that an exception covers are counted; exceptions that cover nothing are findings. */
export function inspect(builds: readonly Build[], exceptions: readonly Exception[] = EXCEPTIONS): Inspection {
  const used = new Set<Exception>();
  let excused = 0;
  const findings = builds.flatMap(({ name, objects }) =>
    RULES.flatMap(({ id, check }) =>
      check(objects).flatMap(({ object, problem }) => {
        const cover = exceptions.find(
          ({ rules, builds: where, objects: which }) => rules.includes(id) && where.test(name) && which.test(object),
        );
        if (!cover) return [`${name}: ${object}: ${problem} (${id})`];
        used.add(cover);
        excused += 1;
        return [];
      }),
    ),
  );
  const idle = exceptions.filter((exception) => !used.has(exception));
  return { findings: [...findings, ...idle.map(({ reason }) => `an exception excuses nothing: ${reason}`)], excused };
}

/** Only for overlays: what is put together out of parts is not complete. */
export const driftOf = (builds: readonly Build[]): string[] =>
  builds.flatMap(({ name, objects }) => drift(objects).map((problem) => `${name}: ${problem}`));
