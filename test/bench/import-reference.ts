import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

// What import.ts compares with, in a process of its own: the same file into the same tables and onto the same topic with no
// framework and no other care than the good path. Takes: file, address of the database, brokers, tenant id.
const [file = '', databaseUrl = '', brokers = '', tenantId = ''] = process.argv.slice(2);
const CHUNK = 1_000;
const importId = uuidv7();
const options = '-c app.tenant_id=all -c timezone=UTC';

const client = await connect();
const kafka = new Kafka({ clientId: 'reference', brokers: brokers.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
await producer.connect();
let parsed = false;
const begun = performance.now();
const [rows] = await Promise.all([importAll(), publishAll(producer)]);
process.send!({ rows, ms: performance.now() - begun });
await Promise.all([producer.disconnect(), client.end()]);
process.disconnect();

async function connect(): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString: databaseUrl, options });
  await connected.connect();
  return connected;
}

async function importAll(): Promise<number> {
  const records = createReadStream(file).pipe(parse({ from: 2 })) as AsyncIterable<string[]>;
  let [chunk, read]: [string[][], number] = [[], 0];
  for await (const record of records) {
    read += 1;
    // Bad rows are left out, without a word.
    if (!record[2]!.includes('@') || record[3]!.length < 5) continue;
    chunk.push(record);
    if (chunk.length < CHUNK) continue;
    await importChunk(chunk);
    chunk = [];
  }
  await importChunk(chunk);
  parsed = true;
  return read;
}

async function importChunk(chunk: readonly string[][]): Promise<void> {
  const ids = chunk.map(() => uuidv7());
  const column = (n: number): string[] => chunk.map((record) => record[n]!);
  const lower = (n: number): string[] => column(n).map((value) => value.toLowerCase());
  await client.query('BEGIN');
  await client.query('INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM unnest($2::uuid[]) AS id', [
    tenantId,
    ids,
  ]);
  await client.query(
    `INSERT INTO contact (tenant_id, import_id, source, source_detail, lawful_basis, id, given_name, given_key, family_name,
       family_key, email, email_normalised, phone, language, country)
     SELECT $1, $2, 'import', 'Fair', 'consent', row.*
     FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
       $12::text[]) AS row`,
    [
      tenantId,
      importId,
      ids,
      column(0),
      lower(0),
      column(1),
      lower(1),
      column(2),
      lower(2),
      column(3),
      column(4),
      column(5),
    ],
  );
  const at = new Date().toISOString();
  await client.query(
    `INSERT INTO outbox (id, topic, key, type, headers, data)
     SELECT id, 'contact.events', key, 'ContactAdded', headers, data
     FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[]) AS row (id, key, headers, data)`,
    [
      chunk.map(() => uuidv7()),
      ids,
      ids.map((id) => JSON.stringify(headersOf(id, at))),
      ids.map((contactId, n) =>
        JSON.stringify({ tenantId, contactId, source: 'import', importId, country: chunk[n]![5], at }),
      ),
    ],
  );
  await client.query('COMMIT');
}

function headersOf(key: string, at: string): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: uuidv7(),
    ce_type: 'ContactAdded.v1',
    ce_source: 'contact-service',
    ce_time: at,
    ce_partitionkey: key,
    'content-type': 'application/json',
    traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
  };
}

async function publishAll(to: Producer): Promise<void> {
  const connection = await connect();
  for (;;) {
    const isLast = parsed;
    const { rows: waiting } = await connection.query<{
      seq: string;
      key: string;
      headers: Record<string, string>;
      data: string;
    }>('SELECT seq, key, headers, data FROM outbox ORDER BY seq LIMIT 1000');
    if (waiting.length === 0 && isLast) break;
    if (waiting.length === 0) {
      await sleep(5);
      continue;
    }
    const messages = waiting.map(({ key, headers, data }) => ({ key, headers, value: data }));
    await to.send({ topic: 'contact.events', acks: -1, messages });
    await connection.query('DELETE FROM outbox WHERE seq = ANY($1::bigint[])', [waiting.map(({ seq }) => seq)]);
  }
  await connection.end();
}
