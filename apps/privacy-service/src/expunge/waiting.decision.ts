import type { WaitingFor } from '#contracts';

/** One time a removal was looked at and could not begin. */
export interface SkippedRun {
  readonly at: string;
  readonly waitingFor: readonly WaitingFor[];
  /** When it is looked at again without anybody's doing. */
  readonly until?: string;
}

/** How a request waits: for what, as the newest run says, and each run that was skipped. */
export interface Waiting extends Omit<SkippedRun, 'at'> {
  /** The oldest run. */
  readonly since: string;
  /** Oldest first; the last {@link KEPT_RUNS} only, because a hold may last for years. */
  readonly skippedRuns: readonly Omit<SkippedRun, 'until'>[];
  /** All of them. */
  readonly skippedTimes: number;
}

export const KEPT_RUNS = 100;

/** Messages come at least once; one removal is looked at once at a time. */
export const isKnownRun = (waiting: Waiting | undefined, { at }: SkippedRun): boolean =>
  waiting?.skippedRuns.some((run) => run.at === at) ?? false;

/** Adds a run in its place, in whatever order they become known. */
export function noteRun(waiting: Waiting | undefined, { at, waitingFor, until }: SkippedRun): Waiting {
  const runs = [...(waiting?.skippedRuns ?? []), { at, waitingFor }].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at),
  );
  const since = waiting && Date.parse(waiting.since) < Date.parse(at) ? waiting.since : at;
  const newest = waiting && runs.at(-1)?.at !== at ? waiting : { waitingFor, until };
  return {
    waitingFor: newest.waitingFor,
    until: newest.until,
    since,
    skippedRuns: runs.slice(-KEPT_RUNS),
    skippedTimes: (waiting?.skippedTimes ?? 0) + 1,
  };
}
