import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EraseContactData } from '#contracts';
import { anEraseCommand } from '../../../../test/support/make.js';
import { aHold, inMs, liftHold } from '../../test/a-hold.js';
import { aContact, aTenant, anAccount, type ContactService, startContactService } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const NEW = { caseReference: '2026/117-A', reason: 'litigation' };
const holdsPath = (contactId: string): string => `/v1/contacts/${contactId}/holds`;
const idsOf = ({ body }: { body: Record<string, unknown> }) => (body.items as { id: string }[]).map(({ id }) => id);
const auditOf = (target: string): Promise<unknown[]> =>
  service.db.query('SELECT action, actor, detail FROM audit_log WHERE target = $1 ORDER BY seq', [target]);
const stateOf = async (contactId: string): Promise<string | undefined> => {
  const [row]: { state: string }[] = await service.db.query('SELECT state FROM contact WHERE id = $1', [contactId]);
  return row?.state;
};

describe('placing and lifting', () => {
  test('When the privacy officer places a hold, then it is listed for the contact and the company, and written down', async () => {
    const tenant = await aTenant(service);
    const contactId = await aContact(service, tenant);
    const until = inMs(3_600_000);
    const placed = await service.call(tenant.officer, 'POST', holdsPath(contactId), { ...NEW, until });
    const hold = { ...NEW, contactId, until, placedBy: tenant.officer.subject, liftedAt: null };
    expect(placed).toMatchObject({ status: 201, body: hold });
    const listed = { status: 200, body: { items: [placed.body] } };
    expect(await service.call(tenant.officer, 'GET', holdsPath(contactId))).toMatchObject(listed);
    expect(await service.call(tenant.officer, 'GET', '/v1/holds')).toMatchObject(listed);
    const entry = {
      action: 'hold.placed',
      actor: tenant.officer.subject,
      detail: { contactId, reason: 'litigation' },
    };
    expect(await auditOf(String(placed.body.id))).toEqual([entry]);
  });

  test('When a hold is lifted twice, then the first time counts, and it stays in the list of the contact only', async () => {
    const tenant = await aTenant(service);
    const contactId = await aContact(service, tenant);
    const holdId = await aHold(service, tenant, contactId);
    const first = await liftHold(service, tenant, contactId, holdId);
    const lift = { liftReason: 'Case closed.', liftedBy: tenant.officer.subject, liftedAt: expect.any(String) };
    expect(first).toMatchObject({ status: 200, body: lift });
    const path = `${holdsPath(contactId)}/${holdId}/lift`;
    const again = await service.call(tenant.officer, 'POST', path, { reason: 'Another reason.' });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(idsOf(await service.call(tenant.officer, 'GET', holdsPath(contactId)))).toEqual([holdId]);
    expect(idsOf(await service.call(tenant.officer, 'GET', '/v1/holds'))).toEqual([]);
    expect(await auditOf(holdId)).toMatchObject([{ action: 'hold.placed' }, { action: 'hold.lifted' }]);
  });

  test('When there are several, then the pages hold each one in force once', async () => {
    const tenant = await aTenant(service);
    const contactId = await aContact(service, tenant);
    const ids: string[] = [];
    for (const id of [contactId, contactId, await aContact(service, tenant)]) {
      ids.push(await aHold(service, tenant, id));
    }
    const ended = await aHold(service, tenant, contactId, { until: inMs(3_600_000) });
    await service.db.query('UPDATE hold SET until = now() WHERE id = $1', [ended]);
    const first = await service.call(tenant.officer, 'GET', '/v1/holds?limit=2');
    const second = await service.call(tenant.officer, 'GET', `/v1/holds?limit=2&after=${String(first.body.next)}`);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(second.body).not.toHaveProperty('next');
    expect(idsOf(await service.call(tenant.officer, 'GET', holdsPath(contactId)))).toHaveLength(3);
  });

  test('When the contact is disabled, then it can be held too', async () => {
    const tenant = await aTenant(service, 'off');
    const { candidate, contactId } = await anAccount(service, tenant);
    await service.call(candidate, 'DELETE', '/v1/account');
    await aHold(service, tenant, contactId);
  });

  test('When the contact is erased, then its holds go with it', async () => {
    const tenant = await aTenant(service);
    const contactId = await aContact(service, tenant);
    await liftHold(service, tenant, contactId, await aHold(service, tenant, contactId));
    const { body } = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
    const command = anEraseCommand({ tenantId: tenant.tenantId, contactId, expungeId: String(body.expungeId) });
    await service.deliver(EraseContactData, command);
    const answer = (await service.said(contactId)).find(({ type }) => type === 'ContactDataErased');
    expect(answer?.data.stores).toContainEqual({ store: 'request_records', erased: 1, remaining: 0 });
    const late = await service.call(tenant.officer, 'POST', holdsPath(contactId), NEW);
    expect(late).toMatchObject({ status: 410, body: { code: 'contact-removed' } });
  });
});

describe('against a removal that begins at the same time', () => {
  const lock = (contactId: string, waiting = 1) => {
    return { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId], waiting };
  };
  const waitingForLocks = async (): Promise<number> => {
    const [row] = await service.db.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return row.waiting;
  };

  test('When a hold is placed while Delete Account waits for the contact, then the removal waits', async () => {
    const tenant = await aTenant(service);
    const { candidate, contactId } = await anAccount(service, tenant);
    const click = () => service.call(candidate, 'DELETE', '/v1/account');
    const answer = await service.whileHeld(lock(contactId), click, (officer) =>
      officer.query(
        `INSERT INTO hold (id, tenant_id, contact_id, case_reference, reason, placed_by)
         VALUES ($1, $2, $3, 'X-1', 'litigation', 'officer')`,
        [randomUUID(), tenant.tenantId, contactId],
      ),
    );
    expect(answer).toMatchObject({ status: 202, body: { outcome: 'waiting' } });
    expect(await stateOf(contactId)).toBe('disabled');
  });

  test('When Delete Account is there first, then the hold that waits for the contact is refused', async () => {
    const tenant = await aTenant(service);
    const { candidate, contactId } = await anAccount(service, tenant);
    const [click, hold] = await service.whileHeld(lock(contactId, 2), async () => {
      const clicked = service.call(candidate, 'DELETE', '/v1/account');
      while ((await waitingForLocks()) < 1);
      return Promise.all([clicked, service.call(tenant.officer, 'POST', holdsPath(contactId), NEW)]);
    });
    expect(click).toMatchObject({ status: 202, body: { outcome: 'expunging' } });
    expect(hold).toMatchObject({ status: 409, body: { code: 'removal-begun' } });
    const rows: unknown[] = await service.db.query('SELECT 1 FROM hold WHERE contact_id = $1', [contactId]);
    expect(rows).toEqual([]);
  });
});

describe('what is refused', () => {
  test.each([
    ['no case', { reason: 'litigation' }],
    ['a sentence for a case', { ...NEW, caseReference: 'Zoë sues us!' }],
    ['a line break in the case', { ...NEW, caseReference: 'A\nB' }],
    ['an over-long case', { ...NEW, caseReference: 'x'.repeat(65) }],
    ['an unknown reason', { ...NEW, reason: 'because' }],
    ['null for an end', { ...NEW, until: null }],
    ['an end without an offset', { ...NEW, until: '2090-01-01T00:00:00' }],
    ['an end on no day', { ...NEW, until: '2090-02-30T00:00:00Z' }],
    ['an end at no hour', { ...NEW, until: '2090-02-20T25:00:00Z' }],
    ['an unknown field', { ...NEW, placedBy: 'me' }],
  ])('When a hold has %s, then it is answered 400', async (_, body) => {
    const tenant = await aTenant(service, 'off');
    const contactId = await aContact(service, tenant);
    expect(await service.call(tenant.officer, 'POST', holdsPath(contactId), body)).toMatchObject({ status: 400 });
  });

  test('When the end of a hold has passed already, then it is answered 422', async () => {
    const tenant = await aTenant(service, 'off');
    const body = { ...NEW, until: inMs(-1_000) };
    const answer = await service.call(tenant.officer, 'POST', holdsPath(await aContact(service, tenant)), body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'until-passed' } });
  });

  test('When the wrong people place, lift or list, then nothing is told or done', async () => {
    const [tenant, other] = [await aTenant(service, 'off'), await aTenant(service, 'off')];
    const contactId = await aContact(service, tenant);
    const holdId = await aHold(service, tenant, contactId);
    const routes: [method: string, path: string, body?: object][] = [
      ['POST', holdsPath(contactId), NEW],
      ['GET', holdsPath(contactId)],
      ['POST', `${holdsPath(contactId)}/${holdId}/lift`, { reason: 'Closed' }],
    ];
    for (const [method, path, body] of routes) {
      const status = async (caller?: typeof tenant.officer) => (await service.call(caller, method, path, body)).status;
      expect(await status(other.officer)).toBe(404);
      expect(await status(tenant.recruiter)).toBe(403);
      expect(await status()).toBe(401);
    }
    expect(idsOf(await service.call(other.officer, 'GET', '/v1/holds'))).toEqual([]);
    expect(idsOf(await service.call(tenant.officer, 'GET', '/v1/holds'))).toEqual([holdId]);
    const elsewhere = await aContact(service, tenant);
    expect(await liftHold(service, tenant, elsewhere, holdId)).toMatchObject({ status: 404 });
    expect(await liftHold(service, tenant, contactId, randomUUID())).toMatchObject({ status: 404 });
  });
});
