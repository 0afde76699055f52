import { fork } from 'node:child_process';
import { numberOption } from '#local';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { percentile } from './bench-system.js';

const HELP = `npm run bench:access -- [--reads 20000]

Reads a contact again and again from contact-service, with all checks of access (token verified, role looked up, statement
bound to the tenant, row-level security) and with all of that taken out, in the same process over the same connections.
Prints the time of a read both ways and their ratio. Blocks of reads take turns, so both see the same machine.`;

const BLOCK = 50;
const WARM_UP_BLOCKS = 40;

interface Served {
  readonly url: string;
  readonly token: string;
}

const reads = numberOption('reads', 20_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await measure();

async function measure(): Promise<void> {
  const server = fork(fileURLToPath(new URL('access-server.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [served] = (await once(server, 'message')) as [Served];
    report(await inTurns(served));
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
  for (let n = 0; n < BLOCK; n += 1) {
    const begun = performance.now();
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    taken.push(performance.now() - begun);
    if (response.status !== 200) throw new Error(`a read was answered ${response.status}`);
  }
  return taken;
}

function report({ checked, unchecked }: Taken): void {
  const line = (name: string, values: readonly number[]): string => {
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => percentile(values, share).toFixed(3));
    return `  ${name.padEnd(18)} p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms\n`;
  };
  const ratio = percentile(checked, 0.5) / percentile(unchecked, 0.5);
  process.stdout.write(`bench:access: ${checked.length} reads of a contact each way\n`);
  process.stdout.write(line('with checks', checked) + line('without checks', unchecked));
  process.stdout.write(
    `  checking access adds ${((ratio - 1) * 100).toFixed(1)} % to the time of a read (ratio ${ratio.toFixed(3)})\n`,
  );
}
