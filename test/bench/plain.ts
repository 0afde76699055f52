import { createCipheriv, createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import type pg from 'pg';
import { SERVICE_NAMES, type ServiceName } from '#local';
import type { TestSystem } from '../support/test-system.js';
import { ACCEPTED, ERASE, EXPUNGED, PLAIN_TOPICS, REQUESTED } from './plain-nest/messages.js';
import { type Contestant, Programs } from './programs.js';
import { on } from './seed.js';

const PARTITIONS = 4;
const CHUNK = 50_000;
const SEND = 500;
const databaseOf = (name: ServiceName): string => `plain_${name.replace('-', '_')}`;

/** The plain Nest version with its own databases and topics, and as many contacts in them. */
export interface Plain {
  readonly contestant: Contestant;
  /** Has so many removals wait in their topic. */
  pileUp(expunges: number): Promise<void>;
}

export async function plainNest(system: TestSystem, sampleFile: string, stored: number): Promise<Plain> {
  const databases = await system.postgres!.createDatabases(SERVICE_NAMES.map(databaseOf));
  const kafka = new Kafka({ clientId: 'bench', brokers: [...system.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: PLAIN_TOPICS.map((topic) => ({ topic, numPartitions: PARTITIONS })) });
  await admin.disconnect();
  const contestant: Contestant = {
    name: 'plain Nest',
    topics: { asked: ERASE, expunged: EXPUNGED, accepted: ACCEPTED },
    main: (name) => fileURLToPath(new URL(`plain-nest/${name}.js`, import.meta.url)),
    env: (name) => ({
      ...system.env[name],
      SAMPLE_FILE: sampleFile,
      DATABASE_URL: databases[databaseOf(name)]!.ownerUrl,
    }),
    groups: SERVICE_NAMES.map((name) => `plain-${name}-server`),
    reads: PLAIN_TOPICS,
    nodeFlags: [],
  };
  // They make their tables when they start.
  const programs = new Programs(contestant, system.logDir);
  await programs.start(SERVICE_NAMES, true);
  await programs.stop();
  await store(system, stored);
  return { contestant, pileUp: (expunges) => pileUp(system, kafka, expunges) };
}

async function store(system: TestSystem, stored: number): Promise<void> {
  for (let from = 1; from <= stored; from += CHUNK) {
    const range = [from, Math.min(stored, from + CHUNK - 1)];
    const rows = `FROM generate_series($1::bigint, $2::bigint) AS n`;
    await onPlain(system, 'contact-service', (db) => db.query(`${CONTACTS} ${rows}`, range));
    await onPlain(system, 'workflow-service', async (db) => {
      await db.query(`INSERT INTO contact_fact ("contactId", source) SELECT ${ID}, 'import' ${rows}`, range);
      await db.query(`INSERT INTO enrolment ("contactId", state) SELECT ${ID}, 'waiting' ${rows}`, range);
      await db.query(
        `INSERT INTO timer ("contactId", "dueAt") SELECT ${ID}, now() + interval '29 days' ${rows}`,
        range,
      );
    });
    await onPlain(system, 'notification-service', (db) =>
      db.query(
        `INSERT INTO mail_outcome ("emailId", "contactId", purpose, "acceptedAt")
         SELECT md5('mail' || n)::uuid, ${ID}, 'opt-in', now() - interval '1 day' ${rows}`,
        range,
      ),
    );
  }
  for (const name of SERVICE_NAMES) await onPlain(system, name, (db) => db.query('VACUUM ANALYZE'));
}

const ID = `md5('contact' || n)::uuid`;
const CONTACTS = `
  INSERT INTO contact ("contactId", "tenantId", state, email, "givenName", "familyName", phone, language)
  SELECT ${ID}, md5('tenant')::uuid, 'active', 'person.' || n || '@example.org', 'Zoë' || n % 5000, 'Ångström' || n,
    '+46 70 ' || n, 'sv'`;

async function pileUp(system: TestSystem, kafka: Kafka, expunges: number): Promise<void> {
  const requests = Array.from({ length: expunges }, () => ({
    tenantId: randomUUID(),
    contactId: randomUUID(),
    expungeId: randomUUID(),
  }));
  await onPlain(system, 'contact-service', (db) => addAccounts(db, requests));
  const key = sealKey(system.secrets.sealKeyringFile);
  const producer = kafka.producer();
  await producer.connect();
  for (let from = 0; from < expunges; from += SEND) {
    const messages = requests.slice(from, from + SEND).map((ids) => {
      return { key: ids.contactId, value: JSON.stringify(requestOf(ids, key)) };
    });
    await producer.send({ topic: REQUESTED, messages });
  }
  await producer.disconnect();
}

type Ids = Readonly<Record<'tenantId' | 'contactId' | 'expungeId', string>>;

async function addAccounts(db: pg.Client, requests: readonly Ids[]): Promise<void> {
  const values = [requests.map(({ contactId }) => contactId), requests.map(({ expungeId }) => expungeId)];
  await db.query(
    `INSERT INTO contact ("contactId", "tenantId", state, email, "givenName", "familyName", language)
     SELECT id, md5('tenant')::uuid, 'expunging', 'lena.' || id || '@example.net', 'Lena', 'Berg', 'en'
     FROM unnest($1::uuid[]) AS id`,
    values.slice(0, 1),
  );
  await db.query(
    `INSERT INTO note (id, "contactId", body) SELECT gen_random_uuid(), id, 'Came by at the fair.' FROM unnest($1::uuid[]) AS id`,
    values.slice(0, 1),
  );
  await db.query('INSERT INTO removal ("contactId", "expungeId") SELECT * FROM unnest($1::uuid[], $2::uuid[])', values);
  await db.query('VACUUM ANALYZE');
}

function requestOf({ contactId, ...ids }: Ids, key: KeyObject) {
  const salt = randomBytes(16).toString('base64url');
  const statusUrl = `http://127.0.0.1:3104/status/${randomBytes(32).toString('base64url')}`;
  const recipient = { address: `lena.${contactId}@example.net`, name: 'Lena Berg', language: 'en', salt, statusUrl };
  return {
    ...ids,
    contactId,
    reason: 'account-deleted',
    requestedBy: 'candidate',
    requestedAt: new Date().toISOString(),
    subjectCommitment: randomBytes(32).toString('base64url'),
    sealedRecipient: seal(recipient, key),
  };
}

/** JWE compact serialisation, `dir` with A256GCM. */
function seal(content: object, key: KeyObject): string {
  const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header));
  const text = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
  return [header, '', ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

function sealKey(file: string): KeyObject {
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: { k: string }[] };
  return createSecretKey(Buffer.from(keys[0]!.k, 'base64url'));
}

const onPlain = (system: TestSystem, name: ServiceName, work: (db: pg.Client) => Promise<unknown>): Promise<unknown> =>
  on(system, databaseOf(name), work);
