import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DatabaseReadings, MetricsServer } from '#service';
import { type Scraped, scrape } from '../../../../test/support/scrape.js';
import {
  anUnfireable,
  SHORT_STEPS,
  startWorkflowService,
  type WorkflowTestService,
} from '../../test/workflow-test-service.js';

let service: WorkflowTestService;

beforeAll(async () => {
  service = await startWorkflowService({ METRICS_PORT: '0' });
});
afterAll(() => service.stop());

/** With values read now. */
async function scraped(): Promise<Scraped> {
  await service.app.get(DatabaseReadings).refresh({ notOlderThanMs: 0 });
  return scrape(service.app.get(MetricsServer).port);
}

test('When a timer is due and does not fire, then that is told and for how long, until it fires; one that is not due is not', async () => {
  expect((await scraped()).value('timers_due')).toBe(0);
  const active = await service.anActive(SHORT_STEPS);
  const { contactId } = await service.anEnrolled(active);
  const later = await service.anEnrolled(active);
  await service.pass(contactId, 600);
  await service.pass(later.contactId, -600);
  const { text, value } = await scraped();
  expect(value('timers_due')).toBe(1);
  expect(Math.abs(value('timers_oldest_due_age_seconds')! - 600)).toBeLessThan(60);
  expect(text).not.toContain(contactId);
  await service.fire();
  const after = await scraped();
  expect(after.value('timers_due')).toBe(0);
  expect(after.value('timers_oldest_due_age_seconds')).toBe(0);
});

test('When a timer cannot fire, then each time it is put off is counted, and no other one is', async () => {
  expect((await scraped()).value('timers_put_off_total')).toBe(0);
  const { contactId } = await service.anEnrolled(await anUnfireable(service));
  const other = await service.anEnrolled(await service.anActive(SHORT_STEPS));
  await service.fire();
  expect((await scraped()).value('timers_put_off_total')).toBe(1);
  expect(await service.said(other.contactId)).toHaveLength(1);
  await service.pass(contactId);
  await service.fire();
  const { text, value } = await scraped();
  expect(value('timers_put_off_total')).toBe(2);
  expect(value('timers_due')).toBe(0);
  expect(text).not.toContain(contactId);
});
