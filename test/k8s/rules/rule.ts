import { type Container, type Manifest, nameOf, type Workload, workloadsOf } from '../manifest.js';

export interface Finding {
  /** For example Deployment/contact-service. */
  readonly object: string;
  readonly problem: string;
}

/** One thing that all that is applied together must keep to. */
export interface Rule {
  readonly id: string;
  /** Whose rule it is; several of these tools have it under names of their own. */
  readonly from: string;
  check(objects: readonly Manifest[]): Finding[];
}

export const finding = (object: Manifest, problem: string): Finding => ({ object: nameOf(object), problem });

/** A rule about each pod by itself: the problem, or undefined. */
export function podRule(id: string, from: string, problem: (workload: Workload) => string | undefined): Rule {
  const check = (objects: readonly Manifest[]): Finding[] =>
    workloadsOf(objects).flatMap((workload) => {
      const text = problem(workload);
      return text ? [finding(workload.object, text)] : [];
    });
  return { id, from, check };
}

/** A rule about each container by itself. */
export function containerRule(
  id: string,
  from: string,
  problem: (container: Container, workload: Workload) => string | undefined,
): Rule {
  const check = (objects: readonly Manifest[]): Finding[] =>
    workloadsOf(objects).flatMap((workload) =>
      workload.containers.flatMap((container) => {
        const text = problem(container, workload);
        return text ? [finding(workload.object, `${container.name}: ${text}`)] : [];
      }),
    );
  return { id, from, check };
}

/** A rule about each object of these kinds; `all` is what is applied together with it. */
export function objectRule(
  id: string,
  from: string,
  kinds: readonly string[],
  problem: (object: Manifest, all: readonly Manifest[]) => string | undefined,
): Rule {
  const check = (objects: readonly Manifest[]): Finding[] =>
    objects
      .filter(({ kind }) => kinds.includes(kind))
      .flatMap((object) => {
        const text = problem(object, objects);
        return text ? [finding(object, text)] : [];
      });
  return { id, from, check };
}

/** Bytes or cores of `250m`, `64Mi`, `1`; NaN when it is not a quantity. */
export function quantity(text: string | number | undefined): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(m|k|M|G|Ki|Mi|Gi)?$/.exec(String(text ?? '')) ?? [];
  const factors: Record<string, number> = {
    '': 1,
    m: 1e-3,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
  };
  return number === '' ? Number.NaN : Number(number) * factors[unit]!;
}
