import { expect, test } from '@jest/globals';
import { judgeClock } from './check-clock.js';
import { judgeConsumer } from './check-consumer.js';
import { judgeOffsets } from './check-offsets.js';
import { judgeTransactions } from './check-transactions.js';

const now = new Date('2026-11-29T12:00:00Z');
const secondsAgo = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);

test('When instances read but nothing has moved for a minute while messages wait, then that is told, and not before', () => {
  const stuck = { service: 'privacy-service', now, members: 2, unread: 5n, lastHandled: secondsAgo(61) };
  expect(judgeConsumer(stuck)[0]?.culprit).toBe(
    '2 instances read for privacy-service, but nothing was handled since 2026-11-29T11:58:59Z, and 5 messages wait',
  );
  expect(judgeConsumer({ ...stuck, lastHandled: secondsAgo(59) })).toEqual([]);
  expect(judgeConsumer({ ...stuck, unread: 0n })).toEqual([]);
});

test('When a question to the database takes long, then that is no skew', () => {
  const asked = now.getTime();
  expect(judgeClock({ asked, answered: asked + 60_000, database: new Date(asked + 30_000) })).toEqual([]);
  expect(judgeClock({ asked, answered: asked, database: secondsAgo(6) })[0]?.culprit).toContain('6 s behind');
});

test('When retention has removed what the group has not read, then the loss is told', () => {
  const place = { topic: 'contact.events', partition: 3, low: 10n, high: 20n, committed: 5n, own: 5n };
  expect(judgeOffsets([place])[0]?.culprit).toContain(
    'contact.events/3: the group stands at 5, but the topic begins at 10',
  );
  expect(judgeOffsets([{ ...place, committed: 10n, own: 12n }])).toEqual([]);
});

test('When a transaction of another role is old, whose state is hidden, then its pid is told all the same', () => {
  const session = { pid: 7, role: 'postgres', application: null, state: null, since: secondsAgo(90), blocks: 0 };
  expect(judgeTransactions([session])[0]?.culprit).toBe(
    'an old transaction of pid 7 (role postgres, without a name, state hidden) is open since 2026-11-29T11:58:30Z',
  );
});
