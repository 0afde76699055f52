import { cpuSeconds } from './cpu-time.js';
import { peakKib } from './bench-system.js';

/** Processes by name. */
export type Processes = Readonly<Record<string, number | undefined>>;

/** What the processes used between two moments. */
export interface Usage {
  /** Seconds of processor time. */
  readonly cpu: Readonly<Record<string, number>>;
  /** MiB resident at most since each process began. */
  readonly memory: Readonly<Record<string, number>>;
}

/** Counts from now on, until the function that is returned is called. */
export function countUsage(processes: Processes): () => Usage {
  const before = cpuOf(processes);
  return () => {
    const after = cpuOf(processes);
    const cpu = Object.keys(after).map((name) => [name, after[name]! - before[name]!]);
    const memory = Object.entries(processes).map(([name, pid]) => [name, Math.round(peakKib(pid ?? 0) / 1_024)]);
    return { cpu: Object.fromEntries(cpu), memory: Object.fromEntries(memory) };
  };
}

function cpuOf(processes: Processes): Record<string, number> {
  return Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, cpuSeconds(pid)]));
}

export const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);
