import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ContactExpunged, type Data, EraseContactData, ExpungeRequested } from '#contracts';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { aContactExpunged, anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { aContact, aTenant, type ContactService, erase, startContactService } from '../../test/start.js';
import { RepeatRequest } from './repeat-request.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const repeat = () => service.app.get(RepeatRequest).execute();
const makeDue = (...contactIds: string[]) =>
  service.db.query('UPDATE contact SET expunge_repeat_at = now() WHERE id = ANY($1)', [contactIds]);
const secondsLeft = async (contactId: string): Promise<number> => {
  const [row] = await service.db.query(
    'SELECT round(extract(epoch FROM expunge_repeat_at - now()))::int AS seconds FROM contact WHERE id = $1',
    [contactId],
  );
  return row.seconds;
};
/** What was asked for this contact, as it is on its way. */
const requests = async (contactId: string): Promise<string[]> => {
  await service.outbox();
  const rows: { data: string }[] = await service.db.query(
    `SELECT data FROM outbox WHERE key = $1 AND type = 'ExpungeRequested' ORDER BY seq`,
    [contactId],
  );
  return rows.map((row) => row.data);
};

/** A contact whose removal was asked for, and whose request is due to be repeated unless said. */
async function aRequested({ due = true } = {}) {
  const tenant = await aTenant(service);
  const contactId = await aContact(service, tenant);
  const { body } = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
  if (due) await makeDue(contactId);
  return { tenantId: tenant.tenantId, contactId, expungeId: String(body.expungeId) };
}

test('When nobody has answered in time, then the same request is made again, to the byte, once per pause', async () => {
  const { contactId, expungeId } = await aRequested();
  expect(await repeat()).toBe('idle');
  expect(await repeat()).toBe('idle');
  const [first, second, ...more] = await requests(contactId);
  expect(JSON.parse(first!)).toMatchObject({ expungeId, sealedRecipient: expect.any(String) });
  expect([second, more]).toEqual([first, []]);
  expect(Math.abs((await secondsLeft(contactId)) - 3_600)).toBeLessThanOrEqual(10);
});

test('When it is still not answered a pause later, then it is made again', async () => {
  const { contactId } = await aRequested();
  await repeat();
  await makeDue(contactId);
  await repeat();
  expect(await requests(contactId)).toHaveLength(3);
});

test('When the time has not come, then nothing is repeated', async () => {
  const { contactId } = await aRequested({ due: false });
  await repeat();
  expect(await requests(contactId)).toHaveLength(1);
  expect(Math.abs((await secondsLeft(contactId)) - 3_600)).toBeLessThanOrEqual(10);
});

test('When the service runs, then it repeats by itself', async () => {
  const { contactId } = await aRequested();
  service.app.get(Pumps).wake('repeat-request');
  const repeated = async () => (await requests(contactId)).length > 1 || undefined;
  await waitUntil(repeated, { what: 'the request is repeated', timeoutMs: 30_000 });
});

test('When the contact was erased or is known to be expunged, then nothing is repeated', async () => {
  const [erased, expunged] = [await aRequested(), await aRequested()];
  await service.deliver(EraseContactData, anEraseCommand(erased));
  await service.deliver(ContactExpunged, aContactExpunged(expunged));
  await repeat();
  expect(await requests(erased.contactId)).toHaveLength(1);
  expect(await requests(expunged.contactId)).toHaveLength(1);
});

test('When two processes find the same request due, then it is repeated once', async () => {
  const { contactId } = await aRequested();
  const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId], waiting: 2 };
  await service.whileHeld(held, () => Promise.all([repeat(), repeat()]));
  expect(await requests(contactId)).toHaveLength(2);
});

test('When the repeat waits at the lock while the erase commits, then nothing is repeated', async () => {
  const { contactId } = await aRequested();
  const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
  await service.whileHeld(held, repeat, (eraser) => erase(eraser, contactId));
  expect(await requests(contactId)).toHaveLength(1);
});

test('When hundreds are due, then they are repeated in chunks, with as many statements as for one', async () => {
  const { contactId, tenantId } = await aRequested();
  const [template] = await requests(contactId);
  const one = await countStatements(service.appDb, repeat);
  const due = many(501, () => ({ ...(JSON.parse(template!) as Data<ExpungeRequested>), ...anIdentity() }));
  await insertExpunging(tenantId, due);
  const results: string[] = [];
  expect(await countStatements(service.appDb, async () => results.push(await repeat()))).toBe(one);
  results.push(await repeat());
  expect(results).toEqual(['more', 'idle']);
  for (const { contactId: id } of [due[0]!, due[500]!]) expect(await requests(id)).toHaveLength(1);
});

function anIdentity() {
  const { contactId, expungeId } = anEraseCommand();
  return { contactId, expungeId };
}

const insertExpunging = (tenantId: string, due: Data<ExpungeRequested>[]) =>
  service.db.query(
    `WITH due AS (SELECT request, (request ->> 'contactId')::uuid AS id FROM unnest($2::json[]) AS d (request)),
          known AS (INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM due)
     INSERT INTO contact (id, tenant_id, source, state, expunge_id, status_token, expunge_request, expunge_repeat_at)
     SELECT id, $1, 'manual', 'expunging', (request ->> 'expungeId')::uuid, 'token', request, now() FROM due`,
    [tenantId, due.map((request) => JSON.stringify(request))],
  );
