import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { numberOption, waitUntil } from '#local';
import { migrate } from '#service';
import { migrations } from '../../apps/contact-service/src/migrations/index.js';
import { aCompany, type Company, deleteAccount, signUp, type TestSystem } from '../support/test-system.js';
import { residentKib, withBenchSystem } from './bench-system.js';
import { BAD_EVERY, writeImportFile } from './import-file.js';
import type { MailSink } from './mail-sink.js';

const HELP = `npm run bench:import -- [--rows 1000000]

Imports a CSV file in which one row of a hundred is bad, with an event on Kafka for every contact, while people press Delete
Account; then does the same with a program without framework and care (import-reference.ts) on a database of its own on the
same server, and with a plain COPY. Prints rows per second, the ratio, the largest resident memory of contact-service (needs
/proc, so Linux), and how long those removals took from the click to the accepted mail.`;

const SAMPLE_MS = 200;
const BETWEEN_REMOVALS_MS = 3_000;
const HOUR_MS = 3_600_000;
const rows = numberOption('rows', 1_000_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await withBenchSystem(measure);

async function measure(system: TestSystem, sink: MailSink): Promise<void> {
  const file = join(system.dataDir, 'import.csv');
  await writeImportFile(file, rows);
  say(`bench:import: ${rows} rows, ${Math.round((await stat(file)).size / 1_048_576)} MiB, one of ${BAD_EVERY} bad`);
  const copied = await copy(system, file);
  say(`  plain COPY into a table without an index    ${rate(copied)} rows/s`);
  const reference = await runReference(system, file);
  say(`  a plain program, events on Kafka included   ${rate(reference)} rows/s`);
  await untilWorkflowsIdle(system);
  const { ms, mib, expunges } = await runImport(system, sink, file);
  const worst = Math.max(...expunges) / 1_000;
  say(`  POST /v1/imports, events on Kafka included  ${rate(ms)} rows/s, ${mib} MiB resident at most`);
  say(
    `  ${expunges.length} removals meanwhile took ${(Math.min(...expunges) / 1_000).toFixed(2)} to ${worst.toFixed(2)} s`,
  );
  const ratio = (reference / ms).toFixed(2);
  say(
    `bench: import ${rate(ms)} rows/s, ${ratio} of a plain program, ${mib} MiB, expunge meanwhile ${worst.toFixed(2)} s`,
  );
}

function rate(ms: number): number {
  return Math.round((rows * 1_000) / ms);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function copy(system: TestSystem, file: string): Promise<number> {
  const server = new pg.Client({ connectionString: system.postgres!.superuserUrl });
  await server.connect();
  await server.query('CREATE TABLE copied (a text, b text, c text, d text, e text, f text)');
  const begun = performance.now();
  await server.query(`COPY copied FROM '${file}' (FORMAT csv, HEADER)`);
  const ms = performance.now() - begun;
  await server.query('DROP TABLE copied');
  await server.end();
  return ms;
}

async function runReference(system: TestSystem, file: string): Promise<number> {
  const { import_reference: database } = await system.postgres!.createDatabases(['import_reference']);
  await migrate('contact-service', database.ownerUrl, migrations);
  const tenantId = randomUUID();
  const owner = new pg.Client({ connectionString: database.ownerUrl, options: '-c app.tenant_id=all' });
  await owner.connect();
  await owner.query(
    `INSERT INTO tenant (id, name, languages, privacy_contact, revision) VALUES ($1, 'Bench', '{en}', 'privacy@bench.example', 1)`,
    [tenantId],
  );
  await owner.end();
  const program = fileURLToPath(new URL('import-reference.js', import.meta.url));
  const child = fork(program, [file, database.appUrl, system.brokers.join(','), tenantId], {
    execArgv: ['--no-warnings'],
  });
  const [{ ms }] = (await Promise.race([once(child, 'message'), failed(child)])) as [{ ms: number }];
  return ms;
}

async function failed(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number];
  throw new Error(`the reference ended with ${code}`);
}

/** What it has made of one import must not slow down the other. */
async function untilWorkflowsIdle(system: TestSystem): Promise<void> {
  let [seen, since] = [-1, performance.now()];
  await withDatabase(system, 'workflow_service', (database) =>
    waitUntil(
      async () => {
        const { rows: found } = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM inbox');
        if (found[0]!.count !== seen) [seen, since] = [found[0]!.count, performance.now()];
        return performance.now() - since > 3_000 || undefined;
      },
      { what: 'workflow-service has read all', timeoutMs: HOUR_MS, everyMs: 500 },
    ),
  );
}

interface Measured {
  readonly ms: number;
  readonly mib: number;
  readonly expunges: number[];
}

async function runImport(system: TestSystem, sink: MailSink, file: string): Promise<Measured> {
  const company = await aCompany(system);
  const { pid } = system.services['contact-service'];
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, residentKib(pid!))), SAMPLE_MS);
  let done = false;
  const expunges = expungeAllTheTime(system, sink, company, () => done);
  const begun = performance.now();
  await importFile(system, company, file);
  const ms = performance.now() - begun;
  done = true;
  clearInterval(sampling);
  return { ms, mib: Math.round(peak / 1_024), expunges: await expunges };
}

/** From the first byte of the upload until the last event is on Kafka. */
async function importFile(system: TestSystem, { recruiter }: Company, file: string): Promise<void> {
  const url = `${system.urls['contact-service']}/v1/imports`;
  const headers = { authorization: `Bearer ${await system.identity.token(recruiter)}`, 'content-type': 'text/csv' };
  const init = { method: 'POST', headers, body: Readable.toWeb(createReadStream(file)), duplex: 'half' } as RequestInit;
  const response = await fetch(`${url}?source=Fair&lawfulBasis=consent`, init);
  if (response.status !== 202) throw new Error(`the upload was answered ${response.status}: ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  const read = async () => (await system.api.call<Progress>(recruiter, 'GET', `${url}/${id}`)).body;
  const ended = async () => ((await read()).state === 'running' ? undefined : true);
  await waitUntil(ended, { what: 'the import has ended', timeoutMs: HOUR_MS, everyMs: 100 });
  await withDatabase(system, 'contact_service', (database) =>
    waitUntil(async () => (await database.query('SELECT FROM outbox LIMIT 1')).rowCount === 0 || undefined, {
      what: 'all events are on Kafka',
      timeoutMs: HOUR_MS,
    }),
  );
  const { state, rowsImported, rowsRejected } = await read();
  const bad = Math.ceil(rows / BAD_EVERY);
  if (state !== 'done' || rowsImported !== rows - bad || rowsRejected !== bad) {
    throw new Error(`the import is ${state}, with ${rowsImported} rows imported and ${rowsRejected} rejected`);
  }
}

interface Progress {
  readonly state: string;
  readonly rowsImported: number;
  readonly rowsRejected: number;
}

/** One after the other while the import runs; how long each took, from the answer to the click until the mail was accepted. */
async function expungeAllTheTime(
  system: TestSystem,
  sink: MailSink,
  company: Company,
  isOver: () => boolean,
): Promise<number[]> {
  const took: number[] = [];
  do {
    const contact = await signUp(system, company);
    const accepted = sink.acceptedFor(contact.email);
    await deleteAccount(system, contact);
    const answered = performance.now();
    took.push((await accepted) - answered);
    await sleep(BETWEEN_REMOVALS_MS);
  } while (!isOver());
  return took;
}

async function withDatabase<T>(
  system: TestSystem,
  name: 'contact_service' | 'workflow_service',
  work: (database: pg.Client) => Promise<T>,
): Promise<T> {
  const options = '-c app.tenant_id=all';
  const database = new pg.Client({ connectionString: system.databases[name].ownerUrl, options });
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
