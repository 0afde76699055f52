import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { ContactAdded, type Message } from '#contracts';
import { currentTrace, on, type Received, SafeMessageError } from '#messaging';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, aRecord, Remember } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  handledKeys,
  type MessagingNode,
  untilOneWaits,
} from '../../../test/support/messaging-node.js';
import { park } from './dead-letters.js';
import type { KafkaRecord } from './parse-record.js';

class Poisoned extends SafeMessageError {}

let db: DataSource;
let node: MessagingNode;
/** What handling does besides remembering, afterwards. */
let does: (key: string) => unknown = () => undefined;

@Injectable()
class Handler extends Remember {
  override async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    await super.handle(messages, tx);
    for (const { data } of messages) await does((data as ContactAdded).contactId);
  }
}

beforeAll(async () => {
  db = await aMessagingDatabase();
  node = await aMessagingNode({ db, subscriptions: [on(ContactAdded, Handler)] });
});
beforeEach(async () => {
  does = () => undefined;
  for (const table of ['handled', 'inbox', 'dead_letter']) await db.query(`DELETE FROM ${table}`);
});
afterAll(() => db.destroy());

/** Parks messages in one transaction, and so at one time; gives their keys. */
async function parked(count: number, given: Partial<KafkaRecord> = {}): Promise<string[]> {
  const records = many(count, () => aRecord(ContactAdded, aContactAdded(), given));
  await db.transaction(async (tx) => {
    await park(
      tx,
      records.map((record) => ({ record, type: ContactAdded.type, reason: 'poison' })),
    );
  });
  return records.map((record) => record.key);
}
const failFor = (bad: string) => (key: string) => {
  if (key === bad) throw new Poisoned('Still poison.');
};

test('When all are replayed, then those that succeed are gone, and those that fail stay with all they did undone', async () => {
  const keys = await parked(3);
  does = failFor(keys[1]!);
  const { replayed, failed } = await node.letters.replay('all');
  const [left] = await node.letters.list();
  expect(left?.key).toBe(keys[1]);
  expect(failed).toEqual([{ id: left?.id, reason: 'Still poison.' }]);
  expect(replayed).toHaveLength(2);
  expect((await handledKeys(db)).sort()).toEqual([keys[0], keys[2]].sort());
});

test('When a replay fails with an error that quotes data, then only its name is told', async () => {
  await parked(1);
  does = () => {
    throw new TypeError('cannot read jane@example.com');
  };
  expect((await node.letters.replay('all')).failed).toMatchObject([{ reason: 'TypeError' }]);
});

test('When two replay the same dead letter at once, then it is handled once', async () => {
  await parked(1);
  const id = (await node.letters.list())[0]!.id;
  let finish = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    does = () => {
      does = () => undefined;
      resolve();
      return new Promise<void>((done) => (finish = done));
    };
  });
  const first = node.letters.replay([id]);
  await begun;
  const second = node.letters.replay([id]);
  await untilOneWaits(db);
  finish();
  expect(await first).toEqual({ replayed: [id], failed: [] });
  expect(await second).toEqual({ replayed: [], failed: [{ id, reason: 'no such dead letter' }] });
  expect(await handledKeys(db)).toHaveLength(1);
});

test('When what was malformed is replayed, then it stays, and says why', async () => {
  await parked(1, { value: Buffer.from('{}') });
  expect((await node.letters.replay('all')).failed).toMatchObject([{ reason: 'invalid-data' }]);
  expect(await node.letters.list()).toHaveLength(1);
});

test('When a message is replayed, then what follows carries on its trace', async () => {
  await parked(1);
  let trace: string | undefined;
  does = () => (trace = currentTrace()?.traceparent);
  await node.letters.replay('all');
  expect(trace).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
});

test('When one is given up, then it alone is gone', async () => {
  await parked(2);
  const [first, second] = await node.letters.list();
  expect(await node.letters.discard(first!.id)).toBe(true);
  expect(await node.letters.discard(first!.id)).toBe(false);
  expect(await node.letters.list()).toEqual([second]);
});

test('When there are several pages, then each dead letter is on one of them, oldest first', async () => {
  const early = await parked(3);
  const late = await parked(4);
  const keys: string[] = [];
  let page = await node.letters.list({ limit: 2 });
  while (page.length > 0) {
    keys.push(...page.map(({ key }) => key));
    page = await node.letters.list({ limit: 2, after: page.at(-1)!.id });
  }
  expect([keys.slice(0, 3).sort(), keys.slice(3).sort()]).toEqual([early.sort(), late.sort()]);
});

test('When one is listed, then its data is not', async () => {
  const [key] = await parked(1);
  const told = { id: expect.any(String), parkedAt: expect.any(Date), lastAt: expect.any(Date), attempts: 1 };
  const where = { topic: 'contact.events', type: 'ContactAdded', key, reason: 'poison' };
  expect(await node.letters.list()).toEqual([{ ...told, ...where }]);
});

test('When different contents have one key, then each has a dead letter of its own', async () => {
  const contactId = randomUUID();
  await db.transaction(async (tx) => {
    for (const data of [aContactAdded({ contactId }), aContactAdded({ contactId })]) {
      await park(tx, [{ record: aRecord(ContactAdded, data), type: ContactAdded.type, reason: 'poison' }]);
    }
  });
  expect(await node.letters.list()).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
});
