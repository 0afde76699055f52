import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactAdded, ContactExpunged } from '#contracts';
import { downloadKafka, repositoryRoot, waitUntil } from '#local';
import { kafkaClient } from '#messaging';
import type { KafkaRecord } from '../../libs/messaging/src/parse-record.js';
import { aContactAdded, aContactExpunged, many } from '../support/make.js';
import { aRecord } from '../support/messaging.js';
import { startTestKafka, type TestKafka } from '../support/test-kafka.js';

const EXAMPLES = join(repositoryRoot(), 'libs', 'contracts', 'examples');
const PYTHON_PACKAGES = join(repositoryRoot(), '.cache', 'python');

/** How an example is run, and how to find out whether this machine can. */
interface Example {
  readonly name: string;
  readonly command: string;
  readonly args: () => Promise<string[]>;
  readonly canRun: () => boolean;
}

const succeeds = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { env: { ...process.env, PYTHONPATH: PYTHON_PACKAGES } }).status === 0;

const javaExample = async (): Promise<string[]> => {
  const jars = (await downloadKafka()).filter((jar) => /(kafka-clients|slf4j)/.test(jar));
  return ['-XX:TieredStopAtLevel=1', '-cp', jars.join(':'), join(EXAMPLES, 'ForgetContacts.java')];
};

const ALL: readonly Example[] = [
  {
    name: 'forget-contacts.mjs',
    command: process.execPath,
    args: () => Promise.resolve([join(EXAMPLES, 'forget-contacts.mjs')]),
    canRun: () => true,
  },
  {
    name: 'forget_contacts.py',
    command: 'python3',
    args: () => Promise.resolve([join(EXAMPLES, 'forget_contacts.py')]),
    canRun: () => succeeds('python3', '-c', 'import confluent_kafka'),
  },
  {
    name: 'ForgetContacts.java',
    command: 'java',
    args: javaExample,
    canRun: () => succeeds('javac', '-version'),
  },
];
/** Python's needs a package and Java's a compiler, which not everybody has; .ci/run brings both. */
const examples = ALL.filter((example) => process.env.CI !== undefined || example.canRun());

let kafka: TestKafka;
/** The store of another system: contacts, one in a line, the id first. */
let store: string;
let group: string;
let programs: Program[] = [];

beforeAll(async () => {
  kafka = await startTestKafka();
}, 120_000);
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop();
});
afterAll(() => kafka.remove());

interface Program {
  readonly lines: string[];
  readonly ended: Promise<number | null>;
  hasEnded(): boolean;
  stop(): Promise<number | null>;
}

async function start(example: Example): Promise<Program> {
  const env = { ...process.env, NODE_OPTIONS: '', PYTHONPATH: PYTHON_PACKAGES };
  const child = spawn(example.command, await example.args(), {
    env: { ...env, KAFKA_BROKERS: kafka.brokers.join(','), KAFKA_GROUP: group, STORE_FILE: store },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => lines.push(line));
  const ended = once(child, 'exit').then(([code]: unknown[]) => code as number | null);
  const stop = (): Promise<number | null> => {
    child.kill('SIGTERM');
    return ended;
  };
  const program = { lines, ended, hasEnded: () => child.exitCode !== null, stop };
  programs.push(program);
  return program;
}

/**
 * Runs it as a supervisor does until it has printed such a line: it is started again when it ends, as it may on a broker
 * that has only just begun. Returns the run that printed it.
 */
async function runUntil(line: RegExp, example: Example): Promise<Program> {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const program = await start(example);
    const printed = (): boolean => program.lines.some((one) => line.test(one));
    const probe = () => printed() || program.hasEnded() || undefined;
    await waitUntil(probe, { what: `${example.name} prints ${line}`, timeoutMs: deadline - Date.now() });
    if (printed()) return program;
  }
}
const runUntilCaughtUp = (example: Example): Promise<Program> => runUntil(/^caught up$/, example);

const known = (): string[] =>
  readFileSync(store, 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[0] || []);

const untilKnown = (ids: string[]): Promise<unknown> =>
  waitUntil(() => (known().join() === ids.join() ? true : undefined), { what: 'only the others', timeoutMs: 30_000 });

function aStoreWith(ids: string[]): void {
  store = join(mkdtempSync(join(tmpdir(), 'contact-expunge-consumer-')), 'contacts.txt');
  group = `newsletter.${randomUUID()}`;
  writeFileSync(store, ids.map((id) => `${id} Lena\n`).join(''));
  writeFileSync(`${store}.gone`, '');
}

async function publish(...records: KafkaRecord[]): Promise<void> {
  const producer = kafkaClient('test', kafka).producer();
  await producer.connect();
  for (const [n, { key, headers, value }] of records.entries()) {
    await producer.send({ topic: 'contact.expunged', messages: [{ key, headers, value, partition: n % 2 }] });
  }
  await producer.disconnect();
}

const expunged = (contactId: string): KafkaRecord => aRecord(ContactExpunged, aContactExpunged({ contactId }));

test.each(examples)(
  'When $name reads what was expunged before it, while it ran and while it was away, then only the others are left',
  async (example) => {
    const ids = many(5, () => randomUUID());
    const [before, during, twice, away, stays] = ids as [string, string, string, string, string];
    aStoreWith(ids);
    const again = expunged(twice);
    const ofAnotherKind = aRecord(ContactAdded, aContactAdded({ contactId: stays }));
    await publish(expunged(before), ofAnotherKind, again, again);
    const first = await runUntilCaughtUp(example);
    expect(known()).toEqual([during, away, stays]);
    await publish(expunged(during), again, expunged(randomUUID()));
    await untilKnown([away, stays]);
    await first.stop();
    await publish(expunged(away));
    await runUntilCaughtUp(example);
    expect(known()).toEqual([stays]);
  },
  90_000,
);

test.each(examples)(
  'When $name cannot delete, then it ends, and once it can it deletes what it could not',
  async (example) => {
    const [gone, stays] = [randomUUID(), randomUUID()];
    aStoreWith([gone, stays]);
    const other = store;
    store = join(store, 'no-such-file');
    await publish(expunged(gone));
    expect(await (await runUntil(/no-such-file/, example)).ended).not.toBe(0);
    store = other;
    await runUntilCaughtUp(example);
    expect(known()).toEqual([stays]);
  },
  90_000,
);
