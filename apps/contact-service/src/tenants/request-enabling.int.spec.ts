import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DAY, fromNow, HOUR, policyOf } from '../../test/policy.js';
import { aTenant, checklist, type ContactService, startContactService, tenantFacts } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

test.each<[string, object, string]>([
  ['nobody told', { checklist: { ...checklist, told: [] } }, 'told'],
  ['the retention duties not checked', { checklist: { ...checklist, retentionDutiesChecked: false } }, 'retention'],
  ['no word about soft-deleted contacts', { checklist: { ...checklist, softDeleted: undefined } }, 'softDeleted'],
  ['an empty checklist', { checklist: {} }, 'told, retentionDutiesChecked, mailDomainAndDkimKeySet, workflowsReviewed'],
])('When there is %s, then it is refused with what is missing', async (_, more, missing) => {
  const tenant = await aTenant(service, 'off');
  const answer = await policyOf(service, tenant).request(tenant.staff, more);
  expect(answer).toMatchObject({ status: 422, body: { code: 'checklist-incomplete' } });
  expect(answer.body.detail).toContain(missing);
  expect((await policyOf(service, tenant).read()).body).toEqual({ inForce: 'off', history: [] });
});

test.each([fromNow(-2 * HOUR), fromNow(400 * DAY), '9999-12-31T23:59:59Z'])(
  'When the effective date is %s, then it is refused',
  async (effectiveAt) => {
    const tenant = await aTenant(service, 'off');
    const refused = { status: 422, body: { code: 'effective-date-out-of-range' } };
    expect(await policyOf(service, tenant).request(tenant.staff, { effectiveAt })).toMatchObject(refused);
  },
);

test.each<[string, object]>([
  ['a date without a zone', { effectiveAt: '2026-11-02T09:30:00' }],
  ['a day that does not exist', { effectiveAt: '2026-02-30T09:30:00Z' }],
  ['an hour that does not exist', { effectiveAt: '2026-02-20T25:30:00Z' }],
  ['a number for a date', { effectiveAt: 1_800_000_000 }],
  ['no reason', { reason: ' ' }],
  ['an over-long reason', { reason: 'x'.repeat(501) }],
  ['no checklist', { checklist: undefined }],
  ['null for a checklist', { checklist: null }],
  ['a list for a checklist', { checklist: [checklist] }],
  ['an unknown point', { checklist: { ...checklist, anything: true } }],
  ['somebody unknown told', { checklist: { ...checklist, told: ['everybody'] } }],
  ['"yes" for true', { checklist: { ...checklist, workflowsReviewed: 'yes' } }],
  ['the fate of soft-deleted contacts unknown', { checklist: { ...checklist, softDeleted: 'sell' } }],
])('When there is %s, then it is answered 400', async (_, more) => {
  const tenant = await aTenant(service, 'off');
  expect(await policyOf(service, tenant).request(tenant.staff, more)).toMatchObject({
    status: 400,
    body: { code: 'invalid-input' },
  });
});

test('When the client has no mail domain (any more), then it is neither asked for nor approved', async () => {
  const { mailDomain: _, ...less } = tenantFacts;
  const tenant = await aTenant(service, 'off');
  const put = (facts: object) => service.call(tenant.staff, 'PUT', `/v1/tenants/${tenant.tenantId}`, facts);
  const { id } = (await policyOf(service, tenant).request(tenant.staff)).body;
  await put(less);
  const missing = { body: { code: 'mail-domain-missing' } };
  expect(await policyOf(service, tenant).approve(tenant.admin, id)).toMatchObject({ status: 409, ...missing });
  await policyOf(service, tenant).withdraw(tenant.admin, id);
  expect(await policyOf(service, tenant).request(tenant.staff)).toMatchObject({ status: 422, ...missing });
});
