import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { numberOption, waitUntil } from '#local';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { percentile } from './bench-system.js';
import { cpuSeconds } from './cpu-time.js';

const HELP = `npm run bench:timers -- [--timers 1000000]

Lets the grace period of many contacts end at one moment: their timers fall due together in workflow-service, on synced
PostgreSQL and a real broker, with nothing else running. Prints how many removals a second are handed over, which means
written to contact.commands, and how late a timer is that falls due meanwhile (one each second does).`;

const TOPIC = 'contact.commands';
const PROBES = 1_000;
const CHUNK = 100_000;
const count = numberOption('timers', 1_000_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await run();

async function run(): Promise<void> {
  const system = await startTestSystem({ fsync: true, fast: false, services: ['workflow-service'] });
  try {
    await measure(system);
  } finally {
    await system.remove();
  }
}

async function measure(system: TestSystem): Promise<void> {
  const db = await superuser(system);
  const topic = await watchTopic(system.brokers);
  try {
    await system.services['workflow-service'].stop();
    say(`setting ${count} timers`);
    const workflow = await aWorkflow(db);
    for (let made = 0; made < count; made += CHUNK)
      await setTimers(db, workflow, Math.min(CHUNK, count - made), 'now()');
    await setTimers(db, workflow, PROBES, `now() + row_number() OVER () * interval '1 second'`);
    await db.query('VACUUM ANALYZE');
    await db.query('CHECKPOINT');
    await handOver(system, db, topic);
  } finally {
    await topic.close();
    await db.end();
  }
}

/** From the first timer that fires to the last message on the topic. */
async function handOver(system: TestSystem, db: pg.Client, topic: Topic): Promise<void> {
  await db.query(`UPDATE timer SET due_at = due_at + (now() - (SELECT min(due_at) FROM timer)) WHERE due_at > now()`);
  await db.query('CREATE TABLE bench_probe AS SELECT contact_id, due_at FROM timer WHERE due_at > now()');
  await system.services['workflow-service'].start();
  const begun = await until('the first timer fires', async () =>
    (await fired(db)) > 0 ? performance.now() : undefined,
  );
  const before = cpuTimes(system);
  let inTopic = 0;
  let waiting = 0;
  const ended = await until('all are handed over', async () => {
    waiting = Math.max(waiting, (await fired(db)) - inTopic);
    inTopic = await topic.size();
    return inTopic >= count ? performance.now() : undefined;
  });
  const took = cpuTimes(system).map(([name, cpu], n): [string, number] => [name, cpu - before[n]![1]]);
  await system.services['workflow-service'].stop();
  const seconds = (ended - begun) / 1_000;
  const late = await latenessOfProbes(db);
  for (const [name, cpu] of took)
    say(`  ${name.padEnd(17)} ${cpu.toFixed(1)} s of processor time, ${((cpu / inTopic) * 1e6).toFixed(0)} µs each`);
  const [p50, worst] = [0.5, 1].map((share) => percentile(late, share).toFixed(1));
  say(
    `  ${inTopic} handed over in ${seconds.toFixed(1)} s, at most ${waiting} waited for the relay; ${late.length} fell due meanwhile: p50 ${p50} s late, at most ${worst} s`,
  );
  say(`bench: timers ${Math.round(inTopic / seconds)}/s, late ${worst} s`);
}

function cpuTimes({ services, postgres, kafka }: TestSystem): [string, number][] {
  return [
    ['workflow-service', cpuSeconds(services['workflow-service'].pid)],
    ['PostgreSQL', cpuSeconds(postgres?.pid)],
    ['Kafka', cpuSeconds(kafka?.pid)],
  ];
}

function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  return waitUntil(look, { what, timeoutMs: 900_000, everyMs: 100 });
}

/** How many messages were written to the outbox so far. */
async function fired(db: pg.Client): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS n FROM outbox_seq_seq',
  );
  return rows[0]?.n ?? 0;
}

/** Seconds from the moment a probe was due to the moment it fired, of those that have. */
async function latenessOfProbes(db: pg.Client): Promise<number[]> {
  const { rows } = await db.query<{ late: number }>(
    `SELECT extract(epoch FROM e.asked_at - p.due_at)::float8 AS late
     FROM bench_probe p JOIN enrolment e USING (contact_id) WHERE e.asked_at IS NOT NULL`,
  );
  return rows.map((row) => row.late);
}

interface Workflow {
  readonly tenantId: string;
  readonly workflowId: string;
}

async function aWorkflow(db: pg.Client): Promise<Workflow> {
  const [tenantId, workflowId] = [randomUUID(), randomUUID()];
  const steps = [{ action: 'send-opt-in' }, { action: 'wait', seconds: 2_592_000 }, { action: 'expunge' }];
  await db.query(
    `INSERT INTO workflow (id, tenant_id, name, trigger, state) VALUES ($1, $2, 'Bench', 'import', 'active')`,
    [workflowId, tenantId],
  );
  await db.query(
    `INSERT INTO workflow_version (workflow_id, number, tenant_id, state, steps, activated_at)
     VALUES ($1, 1, $2, 'active', $3, now())`,
    [workflowId, tenantId, JSON.stringify(steps)],
  );
  // As after a month of looks: the next one is an hour away.
  await db.query('INSERT INTO reconciliation (tenant_id, last_run_at) VALUES ($1, now())', [tenantId]);
  return { tenantId, workflowId };
}

/** Contacts that were asked a month ago and wait for their removal. */
async function setTimers(
  db: pg.Client,
  { tenantId, workflowId }: Workflow,
  rows: number,
  dueAt: string,
): Promise<void> {
  await db.query('BEGIN');
  await db.query(
    `CREATE TEMP TABLE made ON COMMIT DROP AS
     SELECT gen_random_uuid() AS id, gen_random_uuid() AS contact_id, ${dueAt} AS due_at FROM generate_series(1, $1::int)`,
    [rows],
  );
  await db.query('INSERT INTO subject (contact_id, tenant_id) SELECT contact_id, $1 FROM made', [tenantId]);
  await db.query(
    `INSERT INTO enrolment (id, tenant_id, contact_id, workflow_id, version, step, opt_in_mail, accepted_at)
     SELECT id, $1, contact_id, $2, 1, 2, gen_random_uuid(), now() - interval '30 days' FROM made`,
    [tenantId, workflowId],
  );
  await db.query(
    'INSERT INTO timer (contact_id, enrolment_id, tenant_id, due_at) SELECT contact_id, id, $1, due_at FROM made',
    [tenantId],
  );
  await db.query('COMMIT');
}

async function superuser(system: TestSystem): Promise<pg.Client> {
  const url = new URL(system.postgres!.superuserUrl);
  url.pathname = '/workflow_service';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  return client;
}

interface Topic {
  size(): Promise<number>;
  close(): Promise<void>;
}

/** How many messages there are, without reading them. */
async function watchTopic(brokers: string[]): Promise<Topic> {
  const admin = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const size = async (): Promise<number> => {
    const places = await admin.fetchTopicOffsets(TOPIC);
    return places.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  };
  return { size, close: () => admin.disconnect() };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
