import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberOption } from '#local';
import { percentile } from '../bench/bench-system.js';
import { FAULTS } from './faults.js';
import { type ChaosResult, runChaos } from './run-chaos.js';
import { RunFolder } from './run-folder.js';

const HELP = `npm run chaos -- [--expunges 200] [--seed 1] [--minutes M] [--settle-seconds 120] [--faults "a,b"]

Starts the whole system, lets people of several clients come at their own times (Delete Account, recruiters, imported people
who agree or stay silent, others whom nobody may touch) and breaks things as drawn from the seed, over so many minutes. Then
waits until all has come to rest and has a separate program check what is left: test/chaos/check.ts. Ends with 1 when
anything is violated; what was written down and the logs stay then. Needs Node and a Java runtime 17 or newer.

Faults: ${Object.keys(FAULTS).join(', ')}.`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

if (process.argv.includes('--help')) print(HELP);
else process.exit(await main());

async function main(): Promise<number> {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'contact-expunge-chaos-run-')));
  const started = performance.now();
  const say = (line: string): void =>
    print(`[${((performance.now() - started) / 1_000).toFixed(0).padStart(4)} s] ${line}`);
  const [expunges, seed] = [numberOption('expunges', 200), numberOption('seed', 1)];
  const result = await runChaos({
    expunges,
    seed,
    minutes: Number(option('minutes') ?? Math.max(1, expunges / 300)),
    settleSeconds: numberOption('settle-seconds', 120),
    faults: option('faults')?.split(','),
    folder,
    say,
  });
  if (result.violations === 0) rmSync(folder.path, { recursive: true, force: true });
  else print(`What was seen is kept in ${folder.path}`);
  print(lastLine(result, seed));
  return result.violations === 0 ? 0 : 1;
}

function lastLine({ expunges, faults, violations }: ChaosResult, seed: number): string {
  const recoveries = faults.flatMap(({ to, recoveredAt }) => (recoveredAt === undefined ? [] : [recoveredAt - to]));
  const p95 = (percentile(recoveries, 0.95) / 1_000).toFixed(1);
  return `chaos: ${expunges} expunges, ${faults.length} faults, ${violations} violations, recovery p95 ${p95} s, seed ${seed}`;
}
