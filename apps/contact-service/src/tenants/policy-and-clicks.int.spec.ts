import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fromNow, HOUR, policyOf } from '../../test/policy.js';
import { anAccount, aTenant, type ContactService, startContactService, type TestTenant } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const press = async (tenant: TestTenant) =>
  (await service.call((await anAccount(service, tenant)).candidate, 'DELETE', '/v1/account')).body.outcome;

const meet = async (policy: 'off' | 'permanent') => {
  const tenant = await aTenant(service, policy);
  const { candidate } = await anAccount(service, tenant);
  const { id } = policy === 'off' ? (await policyOf(service, tenant).request(tenant.staff)).body : {};
  const change = () =>
    policy === 'off'
      ? policyOf(service, tenant).approve(tenant.admin, id)
      : policyOf(service, tenant).off(tenant.admin);
  return { tenant, change, click: () => service.call(candidate, 'DELETE', '/v1/account') };
};
const lockOf = ({ tenantId }: TestTenant, mode: string) => {
  return { sql: `SELECT 1 FROM tenant WHERE id = $1 FOR ${mode}`, values: [tenantId], waiting: 2 };
};

test.each([
  ['off', ['disabled', 'expunging']],
  ['permanent', ['expunging', 'disabled']],
] as const)(
  'When policy %s changes beside it, then it obeys what was before or what is after',
  async (policy, either) => {
    const { tenant, change, click } = await meet(policy);
    const [changed, clicked] = await service.whileHeld(lockOf(tenant, 'UPDATE'), () =>
      Promise.all([change(), click()]),
    );
    expect(changed.status).toBe(200);
    expect(either).toContain(clicked.body.outcome);
  },
);

test('When a click holds the tenant’s lock, then the change waits for it', async () => {
  const { tenant, change } = await meet('permanent');
  let answered = false;
  const asTheClick = { ...lockOf(tenant, 'SHARE'), waiting: 1 };
  const changed = await service.whileHeld(
    asTheClick,
    () => change().finally(() => (answered = true)),
    () => Promise.resolve(expect(answered).toBe(false)),
  );
  expect(changed).toMatchObject({ status: 200, body: { inForce: 'off' } });
});

test('When a click began before the approval and waits for it, then it finds expunge in force', async () => {
  const { tenant, click } = await meet('off');
  const approve = `UPDATE tenant SET expunge_policy = 'permanent', soft_deleted = 'keep', expunge_from = clock_timestamp()
    WHERE id = $1`;
  const held = { ...lockOf(tenant, 'UPDATE'), waiting: 1 };
  const clicked = await service.whileHeld(held, click, (tx) => tx.query(approve, [tenant.tenantId]));
  expect(clicked).toMatchObject({ status: 202, body: { outcome: 'expunging' } });
});

test('When the effective date is still to come, then it is obeyed without anything having to run', async () => {
  const tenant = await aTenant(service, 'off');
  const { request, approve, read } = policyOf(service, tenant);
  const effectiveAt = fromNow(HOUR);
  const { id } = (await request(tenant.staff, { effectiveAt })).body;
  const approved = await approve(tenant.admin, id);
  expect(approved.body).toMatchObject({ state: 'scheduled', inForceFrom: effectiveAt });
  expect((await read()).body).toMatchObject({ inForce: 'off', scheduledFor: effectiveAt, softDeleted: 'keep' });
  expect(await press(tenant)).toBe('disabled');
  await untilHourLater(tenant);
  expect((await read()).body).toMatchObject({ inForce: 'permanent', history: [{ state: 'in-force' }] });
  expect(await press(tenant)).toBe('expunging');
});

/** As if that hour had passed. */
async function untilHourLater({ tenantId }: TestTenant): Promise<void> {
  await service.db.query(`UPDATE tenant SET expunge_from = expunge_from - interval '1 hour' WHERE id = $1`, [tenantId]);
  await service.db.query(
    `UPDATE expunge_policy_change SET effective_at = effective_at - interval '1 hour' WHERE tenant_id = $1`,
    [tenantId],
  );
}
