import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from './report.js';

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  /** Microseconds. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP = 12;

/**
 * Where the time of each process went: by package, and the functions that took most themselves. From `--cpu-prof`; what was
 * before `since` (microseconds of the clock that all processes read) is start-up and left out.
 */
export function sayProfiles(folder: string, since: number): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const [packages, functions] = [new Map<string, number>(), new Map<string, number>()];
    let busy = 0;
    for (const [{ functionName, url }, ms] of spent(JSON.parse(readFileSync(join(folder, file), 'utf8')), since)) {
      if (functionName === '(idle)') continue;
      busy += ms;
      add(packages, packageOf(functionName, url), ms);
      add(functions, `${functionName || '(anonymous)'} ${packageOf(functionName, url)}`, ms);
    }
    const share = ([name, ms]: [string, number]): string => `${name} ${((ms / busy) * 100).toFixed(1)} %`;
    say(`${file}: ${Math.round(busy)} ms`);
    say(`  ${largest(packages).map(share).join(', ')}`);
    say(`  ${largest(functions).map(share).join('; ')}`);
  }
}

function* spent({ nodes, samples, timeDeltas, startTime }: CpuProfile, since: number): Generator<[Frame, number]> {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  let at = startTime;
  for (const [n, id] of samples.entries()) {
    const took = timeDeltas[n] ?? 0;
    at += took;
    if (at >= since) yield [frames.get(id)!, took / 1_000];
  }
}

function packageOf(functionName: string, url: string): string {
  if (functionName === '(garbage collector)' || functionName === '(program)') return functionName;
  const installed = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  return /dist\/((?:apps|libs|test)\/[^/]+)/.exec(url)?.[1] ?? (url.startsWith('node:') ? 'node' : 'V8');
}

function add(sums: Map<string, number>, name: string, ms: number): void {
  sums.set(name, (sums.get(name) ?? 0) + ms);
}

const largest = (sums: ReadonlyMap<string, number>): [string, number][] =>
  [...sums].toSorted(([, a], [, b]) => b - a).slice(0, TOP);
