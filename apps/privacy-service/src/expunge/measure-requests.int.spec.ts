import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ExpungeRequested, ExpungeWaiting } from '#contracts';
import { DatabaseReadings, MetricsServer } from '#service';
import { type Scraped, scrape } from '../../../../test/support/scrape.js';
import {
  anExpunged,
  aRequest,
  aWaiting,
  idsOf,
  type PrivacyTestService,
  startPrivacyService,
} from '../../test/privacy-test-service.js';

const DAY = 86_400;

let service: PrivacyTestService;

beforeAll(async () => {
  service = await startPrivacyService({ METRICS_PORT: '0' });
});
beforeEach(() => service.db.query('DELETE FROM expunge_request'));
afterAll(() => service.stop());

/** With values read now. */
async function scraped(): Promise<Scraped> {
  await service.app.get(DatabaseReadings).refresh({ notOlderThanMs: 0 });
  return scrape(service.app.get(MetricsServer).port);
}

const daysAgo = (days: number): string => new Date(Date.now() - days * DAY * 1_000).toISOString();
const states = ({ value }: Scraped): Record<string, number | undefined> =>
  Object.fromEntries(
    ['waiting', 'erasing', 'expunged', 'confirmation-failed'].map((state) => [
      state,
      value('expunge_requests', { state }),
    ]),
  );

test('When no request is open, then there is no deadline', async () => {
  const nothing = await scraped();
  expect(states(nothing)).toEqual({ waiting: 0, erasing: 0, expunged: 0, 'confirmation-failed': 0 });
  for (const state of ['waiting', 'erasing', 'expunged']) {
    expect(nothing.value('expunge_oldest_open_age_seconds', { state })).toBe(0);
  }
  expect(nothing.value('expunge_seconds_to_legal_deadline')).toBeUndefined();
});

test('When requests are in different states, then each is counted where it is, without an id', async () => {
  const erasing = aRequest();
  await service.deliver(ExpungeRequested, [erasing, aRequest()]);
  const waiting = aRequest();
  await service.deliver(ExpungeWaiting, aWaiting(waiting));
  const expunged = await anExpunged(service);
  const failed = await anExpunged(service);
  await service.db.query(
    'UPDATE expunge_request SET confirmation_failed = true, sealed_recipient = NULL WHERE expunge_id = $1',
    [failed.expungeId],
  );
  const confirmed = await anExpunged(service);
  await service.db.query(
    `UPDATE expunge_request SET state = 'confirmed', sealed_recipient = NULL WHERE expunge_id = $1`,
    [confirmed.expungeId],
  );
  const all = await scraped();
  expect(states(all)).toEqual({ waiting: 1, erasing: 2, expunged: 1, 'confirmation-failed': 1 });
  for (const id of [erasing, waiting, expunged].flatMap((request) => Object.values(idsOf(request)))) {
    expect(all.text).not.toContain(id);
  }
});

test('When the oldest request waits, then its age is told apart, and its deadline; below 0 after a month', async () => {
  await service.deliver(ExpungeRequested, aRequest({ requestedAt: daysAgo(2) }));
  const old = aRequest({ requestedAt: daysAgo(10) });
  await service.deliver(ExpungeWaiting, aWaiting(old));
  const before = await scraped();
  const age = (state: string): number => before.value('expunge_oldest_open_age_seconds', { state })! / DAY;
  expect(age('waiting')).toBeCloseTo(10, 2);
  expect(age('erasing')).toBeCloseTo(2, 2);
  expect(age('expunged')).toBe(0);
  // A month has 28 to 31 days.
  expect(before.value('expunge_seconds_to_legal_deadline')).toBeGreaterThan(17 * DAY);
  expect(before.value('expunge_seconds_to_legal_deadline')).toBeLessThan(22 * DAY);
  await service.db.query(`UPDATE expunge_request SET requested_at = requested_at - interval '25 days'`);
  expect((await scraped()).value('expunge_seconds_to_legal_deadline')).toBeLessThan(0);
});
