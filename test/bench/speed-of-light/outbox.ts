import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { connect } from './database.js';
import { newProducer } from './kafka.js';

export interface Outgoing {
  readonly topic: string;
  readonly type: string;
  readonly traceparent: string;
  readonly data: { readonly contactId: string; readonly [name: string]: unknown };
}

export async function add(db: pg.Client, source: string, messages: readonly Outgoing[]): Promise<void> {
  if (messages.length === 0) return;
  const time = new Date().toISOString();
  const ids = messages.map(() => uuidv7());
  await db.query(
    `INSERT INTO outbox (id, topic, key, type, headers, data)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::json[], $6::text[])`,
    [
      ids,
      messages.map(({ topic }) => topic),
      messages.map(({ data }) => data.contactId),
      messages.map(({ type }) => type),
      messages.map((message, n) => JSON.stringify(headersOf(message, { source, time, id: ids[n]! }))),
      messages.map(({ data }) => JSON.stringify(data)),
    ],
  );
}

function headersOf({ type, traceparent, data }: Outgoing, about: { source: string; time: string; id: string }) {
  return {
    ce_specversion: '1.0',
    ce_id: about.id,
    ce_type: `${type}.v1`,
    ce_source: about.source,
    ce_time: about.time,
    ce_partitionkey: data.contactId,
    'content-type': 'application/json',
    traceparent,
  };
}

interface Row {
  readonly seq: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly data: string;
}

/** Publishes the outbox for ever; what it returns says that there is something new. */
export async function startRelay(): Promise<() => void> {
  const [db, producer] = [await connect(), await newProducer()];
  let wake = new AbortController();
  void (async () => {
    for (;;) {
      wake = new AbortController();
      const { rows } = await db.query<Row>(NEXT);
      if (rows.length === 0) await sleep(250, undefined, { signal: wake.signal }).catch(() => undefined);
      else {
        const topics = Map.groupBy(rows, ({ topic }) => topic);
        const topicMessages = [...topics].map(([topic, of]) => ({
          topic,
          messages: of.map(({ key, headers, data }) => ({ key, headers, value: data })),
        }));
        await producer.sendBatch({ acks: -1, topicMessages });
        await db.query('DELETE FROM outbox WHERE seq = ANY($1::bigint[])', [rows.map(({ seq }) => seq)]);
      }
    }
  })();
  return () => wake.abort('woken');
}

/** As many as fit into one record batch. */
const NEXT = `
  SELECT seq, topic, key, headers, data FROM (
    SELECT *, sum(octet_length(data) + octet_length(headers::text)) OVER (ORDER BY seq) AS bytes
    FROM (SELECT * FROM outbox ORDER BY seq LIMIT 1000) AS oldest
  ) AS sized WHERE bytes <= 950000 ORDER BY seq`;
