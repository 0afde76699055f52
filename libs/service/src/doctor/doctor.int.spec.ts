import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { DataSource } from 'typeorm';
import { ContactAdded, ContactExpunged, message } from '#contracts';
import { waitUntil } from '#local';
import { kafkaClient, on, RELAY_LOCK } from '#messaging';
import { aContactAdded, many } from '../../../../test/support/make.js';
import { aMessagingDatabase, Remember } from '../../../../test/support/messaging.js';
import {
  aMessagingNode,
  type MessagingNode,
  untilHandled,
  untilPublished,
} from '../../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../../test/support/test-kafka.js';
import { examine, lineOf } from './doctor.js';
import type { Patient } from './finding.js';

const PARTITIONS = 2;
const SERVICE = 'workflow-service';

let kafka: TestKafka;
let db: DataSource;
let admin: Patient['admin'];
let node: MessagingNode;
/** The test's own sessions beside the service. */
const sessions: DataSource[] = [];

beforeAll(async () => {
  kafka = await startTestKafka();
  admin = kafkaClient('test', kafka).admin();
  await admin.connect();
}, 120_000);
beforeEach(async () => {
  db = await aMessagingDatabase();
  node = await aMessagingNode({
    db,
    group: SERVICE,
    brokers: kafka.brokers,
    subscriptions: [on(ContactAdded, Remember), on(ContactExpunged, Remember)],
  });
});
afterEach(async () => {
  await node.stop();
  await Promise.all(sessions.splice(0).map((session) => session.destroy()));
  await db.destroy();
});
afterAll(async () => {
  await admin.disconnect();
  await kafka.remove();
});

const look = async (given: Partial<Patient> = {}): Promise<string[]> => {
  const patient = { service: SERVICE, db, admin, migrations: [], certificates: {}, partitions: PARTITIONS } as const;
  return (await examine({ ...patient, ...given })).map(lineOf);
};
const untilFound = (pattern: RegExp, given: Partial<Patient> = {}): Promise<string> =>
  waitUntil(async () => (await look(given)).find((line) => pattern.test(line)), {
    what: `a finding ${pattern}`,
    timeoutMs: 30_000,
  });

/** Publishes and handles some messages, as a service that is well does. */
async function atWork(count = 4): Promise<void> {
  node.server.start();
  node.relay.start();
  const before = Number((await db.query('SELECT count(*) AS n FROM handled'))[0].n);
  await node.send(many(count, () => message(ContactAdded, aContactAdded())));
  await untilHandled(db, before + count);
  await untilPublished(db);
}

async function aSession(applicationName: string): Promise<DataSource> {
  const { url } = db.options as { url?: string };
  const session = await new DataSource({ type: 'postgres', url, applicationName, poolSize: 1 }).initialize();
  sessions.push(session);
  return session;
}
const pidOf = async (session: DataSource): Promise<number> =>
  (await session.query('SELECT pg_backend_pid() AS pid'))[0].pid;

test('When a service is at work, then nothing is found', async () => {
  await atWork();
  await waitUntil(async () => (await look()).length === 0 || undefined, { what: 'nothing found', timeoutMs: 20_000 });
});

test('When its consumer is stopped, then it says that nobody reads, since when, and how much waits', async () => {
  await atWork();
  await node.server.stop();
  await node.send(many(3, () => message(ContactAdded, aContactAdded())));
  await untilPublished(db);
  expect(await untilFound(/nobody reads for workflow-service/)).toMatch(/was handled at 20\S+Z, \d+ wait/);
});

test('When a transaction keeps others waiting, then its pid and since when are named, and nothing of its query', async () => {
  const [holder, waiting] = [await aSession('by-hand'), await aSession('waiting')];
  const runner = holder.createQueryRunner();
  await runner.startTransaction();
  await runner.query(`LOCK TABLE held /* lena@example.com */`);
  const blocked = waiting.query('SELECT 1 FROM held').catch(() => undefined);
  try {
    const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid, $1::text AS who', ['lena@example.com']);
    const line = await untilFound(/^transactions/);
    expect(line).toMatch(
      new RegExp(`pid ${pid} .*by-hand.*since 20.*and 1 wait for it.*pg_terminate_backend\\(${pid}\\)`),
    );
    expect((await look()).join()).not.toContain('lena');
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
    await blocked;
  }
}, 60_000);

test('When messages are not published, then who holds the lease of the relay is named', async () => {
  await node.send([message(ContactAdded, aContactAdded())]);
  const minuteAgo = new Date(Date.now() - 60_000).toISOString();
  await db.query(`UPDATE outbox SET headers = jsonb_set(headers::jsonb, '{ce_time}', to_jsonb($1::text))::json`, [
    minuteAgo,
  ]);
  expect(await untilFound(/^relay/)).toMatch(/1 messages wait .* and nobody holds the lease/);
  const stuck = await aSession('stuck-relay');
  await stuck.query('SELECT pg_advisory_lock($1)', [RELAY_LOCK]);
  expect(await untilFound(/^relay/)).toContain(`held by pid ${await pidOf(stuck)} (stuck-relay) since 20`);
});

test('When the database was restored, or somebody has moved the group, then the partition is named', async () => {
  await atWork();
  await node.server.stop();
  const places = await db.query('SELECT * FROM read_position WHERE next_offset > 0');
  await db.query('DELETE FROM read_position');
  await untilFound(/offset jumped in contact.events\/\d: the group stands at \d+, the database at 0/);
  for (const { topic, partition, next_offset } of places) {
    await db.query('INSERT INTO read_position VALUES ($1, $2, $3)', [topic, partition, next_offset]);
  }
  expect((await look()).filter((line) => line.startsWith('offsets'))).toEqual([]);
  const offsets = places.map((row: { partition: number }) => ({ partition: row.partition, offset: '1000' }));
  await admin.setOffsets({ groupId: SERVICE, topic: ContactAdded.topic, partitions: offsets });
  await untilFound(/the group stands at 1000, but the topic ends at \d+/);
  await admin.deleteGroups([SERVICE]);
}, 60_000);

test('When a topic has another number of partitions or is missing, then it is named', async () => {
  expect((await look({ partitions: undefined })).join('\n')).toContain('contact.events has 2 partitions instead of 12');
  await admin.deleteTopics({ topics: ['workflow.commands'] });
  expect(await untilFound(/^topics/)).toContain('workflow.commands is missing');
  await admin.createTopics({ topics: [{ topic: 'workflow.commands', numPartitions: PARTITIONS }] });
});

test('When the clock of the database goes wrong, then it says by how much', async () => {
  const odd = await aSession('odd-clock');
  // Nobody may set the machine's clock here, so the server is asked for a time an hour later.
  const wrong = Object.assign(Object.create(odd) as DataSource, {
    query: (sql: string, values?: unknown[]) =>
      odd.query(sql.replace('clock_timestamp()', `clock_timestamp() + interval '1 hour'`), values),
  });
  expect((await look({ db: wrong })).join('\n')).toMatch(/clock .* is 3[56]\d\d s ahead of the one here/);
});

test('When a certificate is about to expire or cannot be read, then its variable is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'contact-expunge-doctor-'));
  const inDays = (days: number): Date => new Date(Date.now() + days * 24 * 60 * 60 * 1000);
  const file = async (name: string, days: number): Promise<string> => {
    const { cert } = await generate([{ name: 'commonName', value: name }], { notAfterDate: inDays(days) });
    writeFileSync(join(folder, name), cert);
    return join(folder, name);
  };
  const certificates = {
    KAFKA_TLS_CERT_FILE: await file('soon', 3),
    DATABASE_TLS_CA_FILE: await file('later', 300),
    KAFKA_TLS_CA_FILE: join(folder, 'none'),
  };
  const lines = (await look({ certificates })).filter((line) => line.startsWith('certificates'));
  expect(lines.join('\n')).toMatch(/of KAFKA_TLS_CERT_FILE expires on 20.*\n.*KAFKA_TLS_CA_FILE holds no certificate/);
  expect(lines).toHaveLength(2);
});

test('When the schema is older than the build, then the first missing migration is named', async () => {
  class Newer1990000000000 {
    up = (): Promise<void> => Promise.resolve();
    down = this.up;
  }
  expect(await look({ migrations: [Newer1990000000000] })).toContainEqual(
    expect.stringContaining('the schema lacks 1 of this build, the first is Newer1990000000000'),
  );
});

test('When the database does not answer, then it says what it cannot look at, and still looks at the rest', async () => {
  const away = new DataSource({ type: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' });
  const lines = await look({ db: away, partitions: 3 });
  expect(lines[0]).toMatch(/cannot look at migrations, clock, transactions, relay, offsets, consumer/);
  expect(lines.join('\n')).toContain('has 2 partitions instead of 3');
});
