import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { repositoryRoot, untilSettled, waitUntil } from '#local';
import { connected } from '../../apps/local/src/databases.js';
import { many } from '../support/make.js';
import { type ReadMessage, readTopics } from '../support/read-topics.js';
import {
  aCompany,
  type Company,
  deleteAccount,
  type SignedUp,
  signUp,
  startTestSystem,
  type TestSystem,
  theRequest,
  untilState,
} from '../support/test-system.js';

const SERVICES = ['contact-service', 'workflow-service', 'notification-service', 'privacy-service'] as const;
const PATIENCE_MS = 60_000;

let system: TestSystem;
let company: Company;

beforeAll(async () => {
  // A mail that could not be sent is tried again soon, and a participant asked again soon, so that the stories stay short.
  const env = {
    'notification-service': { MAIL_RETRY_FIRST_SECONDS: '1', SMTP_TIMEOUT_SECONDS: '2' },
    'privacy-service': { ASK_AGAIN_FIRST_SECONDS: '1' },
  };
  system = await startTestSystem({ env });
}, 120_000);
beforeEach(async () => {
  company = await aCompany(system);
});
afterAll(() => system.remove());

const untilReady = (): Promise<void[]> => Promise.all(SERVICES.map((name) => system.services[name].ready()));

const expunged = async (contacts: SignedUp[]): Promise<ReadMessage[]> => {
  const keys = new Set(contacts.map(({ id }) => id));
  return (await readTopics(system.brokers, ['contact.expunged'])).filter(({ key }) => keys.has(key));
};

/** Every request is confirmed, told once to other systems, and mailed; a mail that came twice is the very same mail. */
async function expectAllDone(contacts: SignedUp[], expungeIds: string[]): Promise<void> {
  for (const expungeId of expungeIds) await untilState(system, company, expungeId, 'confirmed', PATIENCE_MS);
  expect(new Set((await expunged(contacts)).map(({ id }) => id)).size).toBe(contacts.length);
  for (const { email } of contacts) {
    const mails = await system.mail!.messages({ to: email });
    expect(mails.length).toBeGreaterThan(0);
    expect(new Set(mails.map(({ headers }) => headers['message-id'])).size).toBe(1);
  }
}

async function deleteMany(count: number): Promise<{ contacts: SignedUp[]; expungeIds: string[] }> {
  const contacts = await Promise.all(many(count, () => signUp(system, company)));
  const deleted = await Promise.all(contacts.map((contact) => deleteAccount(system, contact)));
  return { contacts, expungeIds: deleted.map(({ expungeId }) => expungeId) };
}

async function problemsOf(service: (typeof SERVICES)[number]): Promise<string[]> {
  const response = await fetch(`${system.urls[service]}/health/ready`);
  return ((await response.json()) as { problems: string[] }).problems;
}

test('When the broker is away and the service is killed between its commit and the publishing, then the request is not lost', async () => {
  const contact = await signUp(system, company);
  await system.kafka!.kill('SIGKILL');
  const { expungeId } = await deleteAccount(system, contact);
  await waitUntil(
    async () => (await problemsOf('contact-service')).some((problem) => /away/.test(problem)) || undefined,
    {
      what: 'contact-service says that the broker is away',
      timeoutMs: 30_000,
    },
  );
  await system.services['contact-service'].kill('SIGKILL');
  await system.kafka!.restart();
  await expectAllDone([contact], [expungeId]);
  await untilReady();
}, 120_000);

test('When every service is killed in the middle of a backlog, then all of it completes and nothing happens twice', async () => {
  const { contacts, expungeIds } = await deleteMany(60);
  for (const name of SERVICES) {
    await waitUntil(() => Promise.resolve(system.services[name].pid), { what: `${name} runs`, timeoutMs: 30_000 });
    await system.services[name].kill('SIGKILL');
  }
  await expectAllDone(contacts, expungeIds);
  await untilReady();
}, 120_000);

test('When PostgreSQL is stopped at once and started again under load, then all completes by itself', async () => {
  const before = await deleteMany(30);
  await system.postgres!.kill('SIGQUIT');
  await waitUntil(
    async () => (await problemsOf('privacy-service')).some((problem) => /database/.test(problem)) || undefined,
    {
      what: 'privacy-service says that the database is away',
      timeoutMs: 30_000,
    },
  );
  await system.postgres!.restart();
  await untilReady();
  await expectAllDone(before.contacts, before.expungeIds);
}, 120_000);

test('When the mail server is away, then the contact is expunged, and the confirmation follows when it is back', async () => {
  const contact = await signUp(system, company);
  await system.mail!.kill('SIGKILL');
  const { expungeId } = await deleteAccount(system, contact);
  await untilState(system, company, expungeId, 'expunged');
  await system.mail!.restart();
  await expectAllDone([contact], [expungeId]);
}, 60_000);

test('When a participant does not answer, then nothing completes, and it does when the participant is back', async () => {
  const contact = await signUp(system, company);
  await system.services['workflow-service'].stop();
  const { expungeId } = await deleteAccount(system, contact);
  const asked = await waitUntil(
    async () => {
      const commands = await readTopics(system.brokers, ['expunge.commands']);
      const mine = commands.filter(({ key }) => key === contact.id);
      return mine.length >= 3 ? mine : undefined;
    },
    { what: 'it is asked again and again', timeoutMs: 30_000 },
  );
  expect(JSON.parse(asked.at(-1)!.value)).toMatchObject({ participants: ['workflow-service'] });
  expect(await theRequest(system, company, expungeId)).toMatchObject({ state: 'erasing' });
  expect(await expunged([contact])).toEqual([]);
  expect(await system.mail!.messages({ to: contact.email })).toEqual([]);
  await system.services['workflow-service'].start();
  await expectAllDone([contact], [expungeId]);
}, 90_000);

test('When everything that was ever said is said again, in another order, then nothing changes', async () => {
  const { contacts, expungeIds } = await deleteMany(10);
  await expectAllDone(contacts, expungeIds);
  const messages = await readTopics(system.brokers);
  const again = messages.filter(({ key }) => contacts.some(({ id }) => id === key)).reverse();
  await publish(again);
  // A late copy under a new id is not known to any inbox: tombstones and natural keys must stop it.
  await publish(again.map((message) => ({ ...message, headers: { ...message.headers, ce_id: crypto.randomUUID() } })));
  const late = await deleteMany(1);
  await expectAllDone(late.contacts, late.expungeIds);
  await untilSettled(system, PATIENCE_MS);
  const events = (await expunged(contacts)).map(({ value }) => value);
  expect(new Set(events).size).toBe(contacts.length);
  for (const { email } of contacts) expect(await system.mail!.messages({ to: email })).toHaveLength(1);
  expect(await deadLettersOf('notification-service')).toEqual([]);
  const url = system.databases.contact_service.appUrl;
  const { rowCount } = await connected(url, (db) =>
    db.query('SELECT 1 FROM contact WHERE id = ANY($1)', [contacts.map(({ id }) => id)]),
  );
  expect(rowCount).toBe(0);
}, 90_000);

test('When a malformed message stands among others, then it is parked, listed with its reason, and the others go on', async () => {
  const contact = await signUp(system, company);
  const headers = {
    ce_specversion: '1.0',
    ce_id: crypto.randomUUID(),
    ce_type: 'ExpungeRequested.v1',
    ce_source: 'test',
    ce_time: new Date().toISOString(),
  };
  await publish([{ topic: 'expunge.requests', key: contact.id, headers, value: '{"tenantId": 1}' }]);
  const { expungeId } = await deleteAccount(system, contact);
  await expectAllDone([contact], [expungeId]);
  expect(await deadLettersOf('privacy-service')).toEqual([expect.stringMatching(/ExpungeRequested .*invalid-data/)]);
});

async function publish(messages: Pick<ReadMessage, 'topic' | 'key' | 'headers' | 'value'>[]): Promise<void> {
  const producer = new Kafka({ clientId: 'test', brokers: system.brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  for (const { topic, key, headers, value } of messages)
    await producer.send({ topic, messages: [{ key, headers, value }] });
  await producer.disconnect();
}

/** What `dead-letters list` of a service prints, without its heading. */
async function deadLettersOf(service: (typeof SERVICES)[number]): Promise<string[]> {
  const main = join(repositoryRoot(), 'dist/apps', service, 'src/main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'dead-letters', 'list'], {
    env: { ...process.env, ...system.env[service], LOG_LEVEL: 'silent' },
  });
  return stdout.split('\n').filter((line) => /\b[0-9a-f]{8}-/.test(line));
}
