import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { numberOption, waitUntil } from '#local';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { percentile } from './bench-system.js';
import { cpuSeconds } from './cpu-time.js';
import { setTimers } from './set-timers.js';

const HELP = `npm run bench:timers -- [--timers 1000000]

Lets the grace period of many contacts end at one moment: their timers fall due together in workflow-service, on synced
PostgreSQL and a real broker, with nothing else running. Prints how many removals a second are handed over, which means
written to contact.commands, and how late a timer is that falls due meanwhile (one each second does). Before and after, a
program without framework and care (timers-reference.ts) does half as many on the same tables: the ratio says what the rate
says on a machine whose speed is another, or changes.`;

const TOPIC = 'contact.commands';
const PROBES = 1_000;
const count = numberOption('timers', 1_000_000);

if (process.argv.includes('--help')) process.stdout.write(`${HELP}\n`);
else await run();

async function run(): Promise<void> {
  const system = await startTestSystem({ fsync: true, fast: false, services: ['workflow-service'] });
  const db = await superuser(system);
  const topic = await watchTopic(system.brokers);
  const stage = { system, db, topic };
  try {
    await system.services['workflow-service'].stop();
    const plain = await handOver(stage, plainProgram(system), Math.ceil(count / 2));
    const ours = await handOver(stage, service(system), count);
    const plainAgain = await handOver(stage, plainProgram(system), Math.ceil(count / 2));
    const ratio = ours.perSecond / ((plain.perSecond + plainAgain.perSecond) / 2);
    say(
      `bench: timers ${Math.round(ours.perSecond)}/s, ${ratio.toFixed(2)} of a plain program, late ${ours.late.toFixed(1)} s`,
    );
  } finally {
    await topic.close();
    await db.end();
    await system.remove();
  }
}

interface Stage {
  readonly system: TestSystem;
  readonly db: pg.Client;
  readonly topic: Topic;
}

/** A process that fires timers. */
interface Firing {
  readonly name: string;
  start(): Promise<number>;
  stop(): Promise<void>;
}

function service({ services: { 'workflow-service': workflow } }: TestSystem): Firing {
  return {
    name: 'workflow-service',
    start: async () => {
      await workflow.start();
      return workflow.pid!;
    },
    stop: () => workflow.stop(),
  };
}

function plainProgram(system: TestSystem): Firing {
  let child: ChildProcess | undefined;
  return {
    name: 'a plain program',
    start: async () => {
      child = fork(fileURLToPath(new URL('timers-reference.js', import.meta.url)), {
        env: { DATABASE_URL: system.databases.workflow_service.appUrl, KAFKA_BROKERS: system.brokers.join(',') },
        execArgv: ['--no-warnings'],
      });
      await once(child, 'spawn');
      return child.pid!;
    },
    stop: async () => {
      if (!child || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

interface Measured {
  readonly perSecond: number;
  /** Seconds, at most. */
  readonly late: number;
}

async function handOver(stage: Stage, by: Firing, timers: number): Promise<Measured> {
  const { db } = stage;
  say(`setting ${timers} timers for ${by.name}`);
  await setTimers(db, timers, PROBES);
  await db.query('DROP TABLE IF EXISTS bench_probe');
  await db.query('CREATE TABLE bench_probe AS SELECT contact_id, due_at FROM timer WHERE due_at > now()');
  try {
    return await measure(stage, by, timers);
  } finally {
    await by.stop();
  }
}

/** From the first timer that fires to the last message on the topic. */
async function measure(stage: Stage, by: Firing, timers: number): Promise<Measured> {
  const { db, topic } = stage;
  const [firedBefore, inTopicBefore] = [await fired(db), await topic.size()];
  const pid = await by.start();
  const begun = await until('the first timer fires', async () =>
    (await fired(db)) > firedBefore ? performance.now() : undefined,
  );
  const before = cpuTimes(stage.system, pid);
  let [inTopic, waiting] = [0, 0];
  const ended = await until('all are handed over', async () => {
    waiting = Math.max(waiting, (await fired(db)) - firedBefore - inTopic);
    inTopic = (await topic.size()) - inTopicBefore;
    return inTopic >= timers ? performance.now() : undefined;
  });
  const cpu = cpuTimes(stage.system, pid).map((seconds, n) => (((seconds - before[n]!) / inTopic) * 1e6).toFixed(0));
  const seconds = (ended - begun) / 1_000;
  const late = await latenessOfProbes(db);
  const [p50, worst] = [percentile(late, 0.5), percentile(late, 1)];
  say(
    `  ${inTopic} handed over in ${seconds.toFixed(1)} s, at most ${waiting} waited for the relay\n` +
      `  processor time for each: its own ${cpu[0]}, PostgreSQL ${cpu[1]}, Kafka ${cpu[2]} µs\n` +
      `  ${late.length} fell due meanwhile: p50 ${p50.toFixed(1)} s late, at most ${worst.toFixed(1)} s`,
  );
  return { perSecond: inTopic / seconds, late: worst };
}

function cpuTimes({ postgres, kafka }: TestSystem, pid: number): number[] {
  return [pid, postgres?.pid, kafka?.pid].map(cpuSeconds);
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
