import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { repositoryRoot, SERVICE_NAMES } from '#local';
import type { Latency } from './click-to-mail.js';
import type { Round } from './round.js';

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line for a round, one for who took how much processor time, one for memory. */
export function sayRound({ contestant, mail, expunges, perSecond, cpuMs, cpu, memory }: Round): void {
  say(`  ${contestant}, ${mail ? 'with mail' : 'no mail'}: ${expunges} expunged, ${Math.round(perSecond)} a second`);
  const seconds = Object.entries(cpu).map(([name, value]) => `${name} ${value.toFixed(1)} s`);
  say(`    processor time: ${cpuMs.toFixed(2)} ms for each; ${seconds.join(', ')}`);
  say(`    MiB resident at most: ${SERVICE_NAMES.map((name) => `${name} ${memory[name]}`).join(', ')}`);
}

export function sayLatency(when: string, { removals, p50, p90, p99, max }: Latency): void {
  say(
    `  from the click to the accepted mail, ${when} (${removals}): p50 ${p50}, p90 ${p90}, p99 ${p99}, max ${max} ms`,
  );
}

/** Written to `results/<date>-<commit>.json`, with the size of the machine; returns where, seen from the checkout. */
export function writeResults(results: object): string {
  const commit = git('rev-parse', '--short', 'HEAD');
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  const at = new Date().toISOString();
  const folder = join(repositoryRoot(), 'test', 'bench', 'results');
  const file = join(folder, `${at.slice(0, 10)}-${commit}.json`);
  const machine = {
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ at, commit, changed, machine, ...results }, rounded, 2)}\n`);
  return relative(repositoryRoot(), file);
}

const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;

function git(...command: string[]): string {
  return execFileSync('git', command, { cwd: repositoryRoot(), encoding: 'utf8' }).trim();
}
