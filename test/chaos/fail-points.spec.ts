import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Kafka, logLevel } from 'kafkajs';
import type pg from 'pg';
import { FAIL_POINTS, type FailPoint } from '#messaging';
import { anActiveWorkflow, type DatabaseName, SERVICE_NAMES, type ServiceName, waitUntil } from '#local';
import { connected } from '../../apps/local/src/databases.js';
import { reportUndeliverable } from '../../apps/local/src/demo/consent/recipients.js';
import { readTopics } from '../support/read-topics.js';
import {
  aCompany,
  type Company,
  type SignedUp,
  signUp,
  startTestSystem,
  type TestSystem,
} from '../support/test-system.js';
import { evictMembers } from './evict-member.js';

/** Every step of a story is tried again until the killed service is back. */
const PATIENCE_MS = 30_000;
const PARTICIPANTS = ['contact-service', 'workflow-service', 'notification-service'] as const;

let system: TestSystem;
/** Its people have a second to answer. */
let company: Company;
/** Its people have an hour, so that one whose answer meets a dead service can give it again. */
let patientCompany: Company;
let points: string;
const hit = new Set<FailPoint>();

beforeAll(async () => {
  points = join(process.env.TMPDIR ?? '/tmp', `fail-points-${randomUUID()}`);
  const ofService = (name: ServiceName) => ({ FAIL_POINTS_DIR: folderOf(name) });
  for (const name of SERVICE_NAMES) mkdirSync(folderOf(name), { recursive: true });
  system = await startTestSystem({
    env: {
      'contact-service': ofService('contact-service'),
      'workflow-service': { ...ofService('workflow-service'), SHORTEST_GRACE_SECONDS: '1' },
      'notification-service': {
        ...ofService('notification-service'),
        MAIL_RETRY_FIRST_SECONDS: '1',
        SMTP_TIMEOUT_SECONDS: '1',
      },
      'privacy-service': { ...ofService('privacy-service'), ASK_AGAIN_FIRST_SECONDS: '1' },
    },
    output: () => undefined,
  });
  company = await aCompany(system);
  await askImported(company, 1);
  patientCompany = await aCompany(system);
  await askImported(patientCompany, 3_600);
}, 120_000);
afterAll(() => system?.remove());

/** Whoever is imported is asked, and removed after so long. */
async function askImported({ admin }: Company, seconds: number): Promise<void> {
  await anActiveWorkflow(system.api, admin, system.urls['workflow-service'], {
    name: 'Imported people',
    trigger: 'import',
    steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds }, { action: 'expunge' }],
  });
}

const folderOf = (name: ServiceName): string => join(points, name);

/** From now on this service dies at this point, once. */
function arm(service: ServiceName, point: FailPoint): void {
  writeFileSync(join(folderOf(service), point), '');
}

/** The process has died there; its successor need not wait for the session of the dead one. */
async function untilKilled(service: ServiceName, point: FailPoint): Promise<void> {
  const file = join(folderOf(service), point);
  await until(() => !existsSync(file), `${service} is killed at ${point}`);
  hit.add(point);
  await evictMembers(system.brokers, service);
  await system.services[service].ready();
  // Nor for the end of its claim on an import.
  await query('contact_service', 'UPDATE import SET worker_until = now() WHERE worker_until > now()');
}

const until = (look: () => Promise<boolean> | boolean, what: string): Promise<true> =>
  waitUntil(async () => (await look()) || undefined, { what, timeoutMs: PATIENCE_MS, see: system.logDir });

/** By its name: Node's own errors are of another realm than the test's. */
const isUnanswered = (error: unknown): boolean =>
  (error as Error).name === 'TypeError' || /answered 50\d/.test(String(error));

/** As a browser or a program does that gets no answer: again, until there is one. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  return waitUntil(
    () =>
      ask().catch((error: unknown) => {
        if (isUnanswered(error)) return undefined;
        throw error;
      }),
    { what: 'an answer', timeoutMs: PATIENCE_MS, everyMs: 100, see: system.logDir },
  );
}

const query = async <Row extends pg.QueryResultRow>(
  database: DatabaseName,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> => {
  const url = new URL(system.postgres!.superuserUrl);
  url.pathname = `/${database}`;
  return connected(url.href, async (db) => (await db.query<Row>(sql, values)).rows);
};

const count = async (database: DatabaseName, table: string, contactId: string, column = 'contact_id') =>
  (
    await query<{ n: number }>(database, `SELECT count(*)::int AS n FROM ${table} WHERE ${column} = $1`, [contactId])
  )[0]!.n;

/** Presses Delete Account until it is answered; 404 when the removal is already over. */
async function remove({ candidate }: SignedUp): Promise<void> {
  const url = `${system.urls['contact-service']}/v1/account`;
  await insist(() =>
    system.api.call(candidate, 'DELETE', url).catch((error: unknown) => {
      if (!/answered 404/.test(String(error))) throw error;
      return {};
    }),
  );
}

const someone = (): Promise<SignedUp> => insist(() => signUp(system, company));

/** One request, all evidence, one event, one mail, nothing left. A mail that came again is the very same. */
async function expectRemoved({ id, email }: Pick<SignedUp, 'id' | 'email'>, mails: 'one' | 'the same again' = 'one') {
  const requests = () =>
    query<{ state: string; participants: { name: string; outcome: string; stores: { remaining: number }[] }[] }>(
      'privacy_service',
      'SELECT state, participants FROM expunge_request WHERE contact_id = $1',
      [id],
    );
  await until(async () => (await requests())[0]?.state === 'confirmed', 'the removal is confirmed');
  const [request, ...others] = await requests();
  expect(others).toEqual([]);
  expect(request!.participants.map(({ name }) => name).sort()).toEqual([...PARTICIPANTS].sort());
  expect(request!.participants.every(({ outcome }) => outcome === 'erased' || outcome === 'nothing_held')).toBe(true);
  expect(request!.participants.flatMap(({ stores }) => stores).every(({ remaining }) => remaining === 0)).toBe(true);
  const events = (await readTopics(system.brokers, ['contact.expunged'])).filter(({ key }) => key === id);
  expect(new Set(events.map((event) => event.value)).size).toBe(1);
  const received = await system.mail!.messages({ to: email });
  const confirmations = received.filter(({ attachments }) => attachments.length > 0);
  expect(new Set(confirmations.map(({ headers }) => headers['message-id'])).size).toBe(1);
  expect(confirmations).toHaveLength(mails === 'one' ? 1 : 2);
  expect(await count('contact_service', 'contact', id, 'id')).toBe(0);
  for (const table of ['timer', 'enrolment', 'contact_fact'])
    expect(await count('workflow_service', table, id)).toBe(0);
  expect(await count('notification_service', 'mail', id)).toBe(0);
}

/** Somebody signs up and presses Delete Account, and the service dies on the way. */
async function removal(service: ServiceName, point: FailPoint, mails?: 'the same again'): Promise<void> {
  const person = await someone();
  arm(service, point);
  await remove(person);
  await untilKilled(service, point);
  await expectRemoved(person, mails);
}

/** Two people are imported; one agrees in time, the other is removed for staying silent. */
async function importStory(service: ServiceName, point: FailPoint): Promise<void> {
  const [silent, agrees] = [`silent-${randomUUID()}@example.com`, `agrees-${randomUUID()}@example.com`];
  const knownBefore = await importedIds(company);
  arm(service, point);
  await Promise.all([importOne(company, silent), importOne(patientCompany, agrees)]);
  const opensForm = until(async () => (await linkTo(agrees)) !== undefined, 'the question has arrived').then(() =>
    agree(agrees),
  );
  await Promise.all([untilKilled(service, point), opensForm]);
  const added = (await importedIds(company)).filter((id) => !knownBefore.includes(id));
  expect(added).toHaveLength(1);
  await expectRemoved({ id: added[0]!, email: silent });
  const [contact, ...twice] = await query<{ id: string }>(
    'contact_service',
    'SELECT id, state, consent FROM contact WHERE email = $1',
    [agrees],
  );
  expect([contact, ...twice]).toEqual([{ id: expect.any(String), state: 'active', consent: 'opted-in' }]);
  const { id } = contact!;
  expect(await count('contact_service', 'consent_record', id)).toBe(1);
  expect(await system.mail!.messages({ to: agrees })).toHaveLength(1);
  await until(async () => (await count('workflow_service', 'timer', id)) === 0, 'nobody waits for who agreed');
}

async function importOne({ recruiter }: Company, email: string): Promise<void> {
  const url = `${system.urls['contact-service']}/v1/imports?source=fair&lawfulBasis=consent`;
  const stream = () => Readable.from([`email,first name\n${email},Kim\n`]);
  await insist(() => system.api.upload(recruiter, url, { type: 'text/csv', stream: stream() }));
}

/** Everybody the company has imported so far, also who has gone since. */
async function importedIds({ tenantId }: Company): Promise<string[]> {
  const added = (await readTopics(system.brokers, ['contact.events'])).filter(({ type, value }) => {
    const about = JSON.parse(value) as { tenantId: string; source?: string };
    return type === 'ContactAdded.v1' && about.tenantId === tenantId && about.source === 'import';
  });
  return [...new Set(added.map(({ key }) => key))];
}

async function linkTo(email: string): Promise<string | undefined> {
  const [mail] = await system.mail!.messages({ to: email });
  if (!mail) return undefined;
  const head = (await system.mail!.source(mail.id)).replaceAll(/\r?\n[ \t]+/g, ' ');
  return /^List-Unsubscribe:\s*<([^>]+)>/im.exec(head)?.[1];
}

async function agree(email: string): Promise<void> {
  const link = (await linkTo(email))!;
  await insist(async () => {
    const words = await (await fetch(link)).text();
    const fields = { decision: 'opt-in', agree: 'yes', text: /name="text" value="([\w-]+)"/.exec(words)?.[1] ?? '' };
    const { status } = await fetch(link, { method: 'POST', body: new URLSearchParams(fields) });
    if (status !== 200) throw new TypeError(`answered ${status}`);
    return true;
  });
}

/** Not one service is asked to forget what it was told of a mail that comes back. */
async function bounceStory(service: ServiceName, point: FailPoint): Promise<void> {
  const email = `bounces-${randomUUID()}@example.com`;
  await importOne(patientCompany, email);
  await until(async () => (await linkTo(email)) !== undefined, 'the question has arrived');
  const [mail] = await system.mail!.messages({ to: email });
  const question = { address: email, link: '', returnPath: mail!.envelope.from.address };
  const bouncePort = Number(system.env['notification-service']['BOUNCE_SMTP_PORT']);
  const report = (): Promise<unknown> => reportUndeliverable(question, bouncePort);
  arm(service, point);
  await expect(report()).rejects.toThrow();
  await untilKilled(service, point);
  // As mail servers do that got no answer.
  await waitUntil(
    () =>
      report().then(
        () => true as const,
        () => undefined,
      ),
    { what: 'taken', timeoutMs: PATIENCE_MS },
  );
  const contact = async () =>
    (
      await query<{ id: string; kind: string | null; accepted: boolean }>(
        'contact_service',
        `SELECT contact.id, bounce_kind AS kind, accepted_at IS NOT NULL AS accepted
       FROM contact JOIN opt_in_ask ON contact_id = contact.id WHERE email = $1`,
        [email],
      )
    )[0];
  await until(async () => (await contact())?.kind === 'hard', 'contact-service knows that the mail came back');
  const bounced = (await readTopics(system.brokers, ['notification.events'])).filter(
    ({ type, key, id }, n, all) =>
      type === 'EmailBounced.v1' && all.findIndex((one) => one.id === id) === n && key !== '',
  );
  const { id } = (await contact())!;
  expect(bounced.filter(({ key }) => key === id)).toHaveLength(1);
  await until(async () => (await count('workflow_service', 'timer', id)) === 0, 'its time is not counted any more');
  expect((await contact())!.accepted).toBe(true);
}

/** Published like the service that may say it, or as somebody who may not. */
async function publish(topic: string, messages: { key: string; headers: Record<string, string>; value: string }[]) {
  const producer = new Kafka({ clientId: 'test', brokers: system.brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

const headersOf = (type: string, source: string): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: randomUUID(),
  ce_type: `${type}.v1`,
  ce_source: source,
  ce_time: new Date().toISOString(),
});

const parked = async (key: string) =>
  query<{ reason: string; attempts: number }>(
    'privacy_service',
    'SELECT reason, attempts FROM dead_letter WHERE key = $1',
    [key],
  );

/** The people beside a message that is not one are removed all the same. */
async function malformedStory(service: ServiceName, point: FailPoint): Promise<void> {
  const person = await someone();
  arm(service, point);
  await publish('expunge.requests', [
    { key: person.id, headers: headersOf('ExpungeRequested', 'contact-service'), value: '{"tenantId": 1}' },
  ]);
  await untilKilled(service, point);
  await remove(person);
  await expectRemoved(person);
  expect(await parked(person.id)).toEqual([{ reason: 'invalid-data', attempts: 1 }]);
}

/** A chunk in which one message fails is handled one by one; half way the process dies. */
async function oneByOneStory(service: ServiceName, point: FailPoint): Promise<void> {
  const person = await someone();
  await remove(person);
  await expectRemoved(person);
  const acks = (await readTopics(system.brokers, ['expunge.acks'])).filter(({ key }) => key === person.id);
  const [good] = acks;
  arm(service, point);
  await publish('expunge.acks', [
    { key: person.id, headers: { ...good!.headers, ce_id: randomUUID() }, value: good!.value },
    { key: person.id, headers: { ...good!.headers, ce_id: randomUUID(), ce_source: 'somebody' }, value: good!.value },
  ]);
  await untilKilled(service, point);
  await until(async () => (await parked(person.id)).length === 1, 'the message of a stranger is parked');
  expect((await parked(person.id))[0]!.attempts).toBe(1);
  await expectRemoved(person);
}

/** A participant is away, so the others' answers do not suffice and it is asked again. */
async function askAgainStory(service: ServiceName, point: FailPoint): Promise<void> {
  const person = await someone();
  await system.services['workflow-service'].stop();
  arm(service, point);
  await remove(person);
  await untilKilled(service, point);
  await system.services['workflow-service'].start();
  await expectRemoved(person);
}

/** As after a restored backup: the database knows nothing of the erased contacts, and the reading of them is cut off. */
async function catchUpStory(service: ServiceName, point: FailPoint): Promise<void> {
  const gone = await someone();
  await remove(gone);
  await expectRemoved(gone);
  await system.services[service].stop();
  for (const table of ['timer', 'enrolment', 'contact_fact', 'subject', 'inbox', 'read_position']) {
    await query('workflow_service', `DELETE FROM ${table}`);
  }
  arm(service, point);
  await system.services[service].start();
  await untilKilled(service, point);
  const [subject] = await query(
    'workflow_service',
    'SELECT expunge_id IS NOT NULL AS buried FROM subject WHERE contact_id = $1',
    [gone.id],
  );
  expect(subject).toEqual({ buried: true });
  const person = await someone();
  await remove(person);
  await expectRemoved(person);
}

/** A new key is in the file, and the process dies between reading and using it. */
async function keyStory(service: ServiceName, point: FailPoint): Promise<void> {
  const person = await someone();
  arm(service, point);
  const file = system.secrets.sealKeyringFile;
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: object[] };
  const fresh = { kid: randomUUID(), k: randomBytes(32).toString('base64url') };
  writeFileSync(`${file}.new`, JSON.stringify({ keys: [fresh, ...keys] }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  await remove(person);
  await untilKilled(service, point);
  await expectRemoved(person);
  const requests = (await readTopics(system.brokers, ['expunge.requests'])).filter(({ key }) => key === person.id);
  const { sealedRecipient } = JSON.parse(requests[0]!.value) as { sealedRecipient: string };
  expect(JSON.parse(Buffer.from(sealedRecipient.split('.')[0]!, 'base64url').toString())).toMatchObject({
    kid: fresh.kid,
  });
}

type Story = readonly [service: ServiceName, tell: (service: ServiceName, point: FailPoint) => Promise<void>];

const STORIES: Readonly<Record<FailPoint, Story>> = {
  'import.staged': ['contact-service', importStory],
  'import.rows-added': ['contact-service', importStory],
  'import.chunk-committed': ['contact-service', importStory],
  'import.ended': ['contact-service', importStory],
  'consent.asked': ['contact-service', importStory],
  'consent.recorded': ['contact-service', importStory],
  'timer.claimed': ['workflow-service', importStory],
  'timer.fired': ['workflow-service', importStory],
  'expunge.marked': ['contact-service', removal],
  'outbox.committed': ['contact-service', removal],
  'relay.read': ['privacy-service', removal],
  'relay.sent': ['contact-service', removal],
  'relay.deleted': ['notification-service', removal],
  'inbox.remembered': ['workflow-service', removal],
  'chunk.parked': ['privacy-service', malformedStory],
  'chunk.one-handled': ['privacy-service', oneByOneStory],
  'chunk.handled': ['contact-service', removal],
  'chunk.committed': ['privacy-service', removal],
  'offsets.committed': ['workflow-service', removal],
  'catch-up.read': ['workflow-service', catchUpStory],
  'process.opened': ['privacy-service', removal],
  'process.asked-again': ['privacy-service', askAgainStory],
  'process.certified': ['privacy-service', removal],
  'process.announced': ['privacy-service', removal],
  'erase.locked': ['contact-service', removal],
  'erase.deleted': ['contact-service', removal],
  'erase.buried': ['notification-service', removal],
  'mail.claimed': ['notification-service', removal],
  'mail.sent': ['notification-service', (service, point) => removal(service, point, 'the same again')],
  'mail.outcome-written': ['notification-service', (service, point) => removal(service, point, 'the same again')],
  'bounce.recorded': ['notification-service', bounceStory],
  'keys.read': ['contact-service', keyStory],
};

test.each(FAIL_POINTS.map((point) => [STORIES[point][0], point] as const))(
  'When %s is killed at %s, then nothing is lost, nothing happens twice, and only time has passed',
  async (service, point) => {
    await STORIES[point][1](service, point);
  },
);

test('When all this is over, then every point was reached, nothing waits, and only what was malformed is parked', async () => {
  expect(FAIL_POINTS.filter((point) => !hit.has(point))).toEqual([]);
  for (const service of SERVICE_NAMES) {
    const database = service.replace('-', '_') as DatabaseName;
    await until(
      async () => (await query(database, 'SELECT FROM outbox')).length === 0,
      `the outbox of ${service} is empty`,
    );
    const letters = await query(database, 'SELECT reason FROM dead_letter');
    expect(letters).toHaveLength(service === 'privacy-service' ? 2 : 0);
  }
});
