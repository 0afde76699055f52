import { aCompany, deleteAccount, signUp } from '../support/test-system.js';
import { numberOption } from '#local';
import { percentile, withBenchSystem } from './bench-system.js';

const HELP = `npm run bench:latency -- [--runs 100]

Presses Delete Account one contact after another on an idle system and prints how many milliseconds pass from the
answer 202 until the receiving server accepted the confirmation mail.`;

const WARM_UP = 20;
const runs = numberOption('runs', 100);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await withBenchSystem(measure);

async function measure(...[system, sink]: Parameters<Parameters<typeof withBenchSystem>[0]>): Promise<void> {
  const company = await aCompany(system);
  const tookMs: number[] = [];
  for (let run = -WARM_UP; run < runs; run += 1) {
    const contact = await signUp(system, company);
    const accepted = sink.acceptedFor(contact.email);
    await deleteAccount(system, contact);
    const answered = performance.now();
    const ms = (await accepted) - answered;
    if (run >= 0) tookMs.push(ms);
  }
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => percentile(tookMs, share).toFixed(1));
  process.stdout.write(
    `bench:latency: ${runs} removals in a row, from 202 to mail accepted: p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms\n`,
  );
}
