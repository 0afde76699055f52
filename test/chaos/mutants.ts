import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#local';
import { type Mutant, MUTANTS } from './mutant-list.js';

const HELP = `npm run chaos:mutants [-- name of one]: shows that the checker of the chaos run can see.

Switches off one guarantee after the other, in a compiled copy of the services, has a chaos run break on it what that
guarantee is for, and prints which invariants were violated. Ends with 1 when one of them was not noticed.`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** A checkout of compiled code, in which something is different. */
function mutated({ name, patches }: Mutant): string {
  const root = repositoryRoot();
  const copy = mkdtempSync(join(tmpdir(), `contact-expunge-mutant-${name}-`));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  for (const shared of ['node_modules', 'apps', '.cache']) symlinkSync(join(root, shared), join(copy, shared));
  for (const { file, change } of patches) {
    const path = join(copy, 'dist', file);
    let code = readFileSync(path, 'utf8');
    for (const [from, to] of change) {
      if (!code.includes(from)) throw new Error(`${name}: ${file} has no "${from}" any more`);
      code = code.replaceAll(from, to);
    }
    writeFileSync(path, code);
  }
  return copy;
}

/** The output of a chaos run on that copy, as its lines come. */
async function chaosOn(copy: string, faults: readonly string[], onLine: (line: string) => void): Promise<void> {
  const program = join(copy, 'dist', 'test', 'chaos', 'chaos.js');
  const size = ['--expunges', '100', '--seed', '11', '--minutes', '0.5', '--settle-seconds', '25'];
  const run = spawn(process.execPath, ['--enable-source-maps', program, ...size, '--faults', faults.join(',')], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let rest = '';
  const read = (piece: string): void => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    lines.forEach(onLine);
  };
  run.stdout.setEncoding('utf8').on('data', read);
  run.stderr.setEncoding('utf8').on('data', read);
  await new Promise((resolve) => run.once('close', resolve));
}

/** Which invariants were violated; undefined when the run did not come to its end. */
async function violatedOn(mutant: Mutant, verbose: boolean): Promise<string[] | undefined> {
  const copy = mutated(mutant);
  const violated: string[] = [];
  let ended = false;
  try {
    await chaosOn(copy, mutant.faults, (line) => {
      if (verbose) print(line);
      const name = /VIOLATED +\d+ (.*)/.exec(line)?.[1];
      // What a mutant only grumbles about in its log has not been caught at what it does.
      if (name !== undefined && !name.includes('error line')) violated.push(name);
      if (line.startsWith('chaos: ')) ended = true;
      const kept = /^What was seen is kept in (.*)/.exec(line)?.[1];
      if (kept !== undefined && !verbose) rmSync(kept, { recursive: true, force: true });
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return ended ? violated : undefined;
}

async function main(): Promise<number> {
  const [wanted] = process.argv.slice(2);
  const mutants = MUTANTS.filter(({ name }) => wanted === undefined || name === wanted);
  let caught = 0;
  for (const mutant of mutants) {
    const violated = await violatedOn(mutant, wanted !== undefined);
    if (violated && violated.length > 0) caught += 1;
    const verdict = violated === undefined ? 'BROKE ' : violated.length > 0 ? 'caught' : 'MISSED';
    print(`${verdict} ${mutant.name.padEnd(16)} ${mutant.what}`);
    for (const name of violated ?? []) print(`       ${' '.repeat(16)} - ${name}`);
  }
  print(`chaos:mutants: ${caught} of ${mutants.length} caught`);
  return caught === mutants.length && caught > 0 ? 0 : 1;
}

if (process.argv.includes('--help')) print(HELP);
else process.exit(await main());
