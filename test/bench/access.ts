import { fork } from 'node:child_process';
import { numberOption } from '#local';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { percentile } from './bench-system.js';

const HELP = `npm run bench:access -- [--reads 20000]

Reads a contact again and again from contact-service, with all checks of access (token verified, role looked up, statement
bound to the tenant, row-level security) and with all of that taken out, in the same process over the same connections.
Prints the time of a read both ways and their ratio. Blocks of reads take turns, so both see the same machine. Ends with 1
when checking adds more than 5 %. Also prints what a read takes with a token that is seen for the first time, whose
signature is checked; later ones are believed for a minute (not limited: once a minute for each caller).`;

const BLOCK = 50;
const NEW_TOKENS = 500;
const MOST_PERCENT = 5;
const WARM_UP_BLOCKS = 40;

interface Served {
  readonly url: string;
  readonly token: string;
  readonly newTokens: readonly string[];
}

const reads = numberOption('reads', 20_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await measure();

async function measure(): Promise<void> {
  const server = fork(fileURLToPath(new URL('access-server.js', import.meta.url)), [String(NEW_TOKENS)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [served] = (await once(server, 'message')) as [Served];
    const taken = await inTurns(served);
    report(taken, await firstSeen(served));
  } finally {
    server.send('stop');
    await once(server, 'exit');
  }
}

interface Taken {
  readonly checked: number[];
  readonly unchecked: number[];
}

async function inTurns({ url, token }: Served): Promise<Taken> {
  const taken: Taken = { checked: [], unchecked: [] };
  const checked = { authorization: `Bearer ${token}`, 'x-unchecked': 'no' };
  const unchecked = { ...checked, 'x-unchecked': 'yes' };
  for (let block = -WARM_UP_BLOCKS; block < reads / BLOCK; block += 1) {
    const a = await time(url, checked);
    const b = await time(url, unchecked);
    if (block < 0) continue;
    taken.checked.push(...a);
    taken.unchecked.push(...b);
  }
  return taken;
}

async function time(url: string, headers: Record<string, string>): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < BLOCK; n += 1) taken.push(await timeOne(url, headers));
  return taken;
}

/** With each token once, after the rest has warmed up. */
async function firstSeen({ url, newTokens }: Served): Promise<number[]> {
  const taken: number[] = [];
  for (const token of newTokens) taken.push(await timeOne(url, { authorization: `Bearer ${token}` }));
  return taken;
}

async function timeOne(url: string, headers: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const response = await fetch(url, { headers });
  await response.arrayBuffer();
  const taken = performance.now() - begun;
  if (response.status !== 200) throw new Error(`a read was answered ${response.status}`);
  return taken;
}

function report({ checked, unchecked }: Taken, newlySeen: readonly number[]): void {
  const line = (name: string, values: readonly number[]): string => {
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => percentile(values, share).toFixed(3));
    return `  ${name.padEnd(18)} p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms\n`;
  };
  const ratio = percentile(checked, 0.5) / percentile(unchecked, 0.5);
  const percent = (ratio - 1) * 100;
  process.stdout.write(`bench:access: ${checked.length} reads of a contact each way\n`);
  process.stdout.write(line('with checks', checked) + line('without checks', unchecked));
  process.stdout.write(line('token first seen', newlySeen));
  process.stdout.write(
    `  checking access adds ${percent.toFixed(1)} % to the time of a read (ratio ${ratio.toFixed(3)})\n`,
  );
  if (percent <= MOST_PERCENT) return;
  process.stderr.write(`bench:access: more than ${MOST_PERCENT} %\n`);
  process.exitCode = 1;
}
