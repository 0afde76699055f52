import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks in a second, as Linux counts them for /proc. */
const TICKS = 100;

/** Seconds of processor time that a process and its children have taken so far (needs /proc, so Linux). */
export function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const own = readStat(pid);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.parent === pid);
  const ticks = [own, ...children].reduce((sum, stat) => sum + (stat?.ticks ?? 0), own?.endedChildren ?? 0);
  return ticks / TICKS;
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  readonly endedChildren: number;
}

/** Fields 4 and 14 to 17 of proc(5) stat; the name before them may hold anything, and ends with a parenthesis. */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent, user, system, endedUser, endedSystem] = [1, 11, 12, 13, 14].map((n) => fields[n] ?? 0);
    return { parent: parent!, ticks: user! + system!, endedChildren: endedUser! + endedSystem! };
  } catch {
    return undefined;
  }
}
