import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ContactExpunged, EraseContactData } from '#contracts';
import { waitUntil } from '#local';
import { aContactExpunged, many } from '../../../../test/support/make.js';
import { tracesInDatabase } from '../../../../test/support/find-traces.js';
import { anImport, reportOf } from '../../test/an-import.js';
import { expunge, expunging } from '../../test/expunged.js';
import {
  aContact,
  anAccount,
  aPerson,
  aTenant,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';
import { ForgetSuppressions } from './forget-suppressions.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const entriesOf = ({ tenantId }: TestTenant): Promise<Record<string, unknown>[]> =>
  service.db.query(
    `SELECT *, extract(day FROM until - created_at)::int AS days FROM suppression WHERE tenant_id = $1 ORDER BY id`,
    [tenantId],
  );

const rowsKept = (importId: string): Promise<Record<string, unknown>[]> =>
  service.db.query('SELECT reason, fields, address_hash FROM import_row WHERE import_id = $1 ORDER BY row_no', [
    importId,
  ]);

const lookup = (tenant: TestTenant, email: string) =>
  service.call(tenant.officer, 'POST', '/v1/suppressions/lookup', { email });

const add = (tenant: TestTenant, email: string) => service.call(tenant.recruiter, 'POST', '/v1/contacts', { email });

/** As the workflow will have it done: the reason is what counts here. */
async function expungeFor(tenant: TestTenant, contactId: string, reason: string): Promise<void> {
  const command = await expunging(service, tenant, contactId);
  await service.db.query('UPDATE removal SET reason = $2 WHERE contact_id = $1', [contactId, reason]);
  await service.deliver(EraseContactData, command);
}

async function aRemoved(tenant: TestTenant) {
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  return { ...person, contactId, expungeId: await expunge(service, tenant, contactId) };
}

describe('When somebody was removed', () => {
  test('then the company cannot add the address again: not by hand, not by a change, not by an import', async () => {
    const tenant = await aTenant(service);
    const { email } = await aRemoved(tenant);
    const refused = { status: 409, body: { code: 'address-suppressed' } };
    const added = await add(tenant, email.toUpperCase());
    expect(added).toMatchObject(refused);
    expect(added.body.detail).toMatch(/removed for good; until \d{4}-\d\d-\d\d only the person can sign up/);
    expect(added.text.toLowerCase()).not.toContain(email.toLowerCase());
    const other = await aContact(service, tenant);
    expect(await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${other}`, { email })).toMatchObject(refused);
    const done = await anImport(service, tenant, `email,name\n${email},Zoe\nfree@example.org,Free\n`);
    expect(done).toMatchObject({ rowsImported: 1, rejected: [{ reason: 'suppressed', rows: 1 }] });
    expect((await reportOf(service, tenant, done.id)).text).toContain('\n,,rejected,suppressed,2\n');
  });

  test('then nothing of a row with the address is kept, whatever else is wrong with the row', async () => {
    const tenant = await aTenant(service);
    const { email } = await aRemoved(tenant);
    const lines = [
      'email,name,phone,source,lawful basis',
      `${email},Zoe,12,Fair,consent`,
      `${email},${'Zoe'.repeat(70)},,Fair,consent`,
      `${email},Zoe,,,consent`,
      `${email},Zoe,,Fair,`,
      'other@example.org,Zoe,12,Fair,consent',
    ];
    const done = await anImport(service, tenant, lines.join('\n'), { query: '' });
    expect(done.rejected).toEqual([
      { reason: 'suppressed', rows: 4 },
      { reason: 'bad-field:phone', rows: 1 },
    ]);
    expect(await rowsKept(done.id)).toEqual([
      ...many(4, () => ({ reason: 'suppressed', fields: null, address_hash: null })),
      { reason: 'bad-field:phone', fields: lines[5]!.split(','), address_hash: expect.any(String) },
    ]);
  });

  test.each([
    ['müller.example', 'xn--mller-kva.example'],
    ['xn--mller-kva.example', 'Müller.Example'],
  ])('then it cannot be added under the other name of its domain either: %s as %s', async (there, again) => {
    const tenant = await aTenant(service);
    const email = `zoe@${there}`;
    const contactId = await aContact(service, tenant, { email });
    const other = `Zoe@${again}`;
    expect(await add(tenant, other)).toMatchObject({ status: 409, body: { code: 'address-taken' } });
    const search = await service.call(tenant.recruiter, 'POST', '/v1/contacts/search', { email: other });
    expect(search.body.items).toMatchObject([{ id: contactId, email }]);
    await expunge(service, tenant, contactId);
    expect(await add(tenant, other)).toMatchObject({ status: 409, body: { code: 'address-suppressed' } });
    const done = await anImport(service, tenant, `email\n${other}\n${email}\n`);
    expect(done).toMatchObject({ rowsImported: 0, rejected: [{ reason: 'suppressed', rows: 2 }] });
    expect((await lookup(tenant, other)).body).toMatchObject({ suppressed: true });
    const { status } = await service.call(tenant.officer, 'POST', '/v1/suppressions/lift', {
      email: other,
      reason: 'x',
    });
    expect([status, (await add(tenant, email)).status]).toEqual([200, 201]);
  });

  test('then another company can, and nothing it sees tells of the first one', async () => {
    const { email } = await aRemoved(await aTenant(service));
    const other = await aTenant(service);
    expect((await add(other, email)).status).toBe(201);
    expect((await lookup(other, email)).body).toEqual({ suppressed: false, entry: null });
  });

  test('then the own sign-up is let in, and ends the entry if the address is known to be the caller’s', async () => {
    const tenant = await aTenant(service);
    const person = await aRemoved(tenant);
    const { email, givenName } = person;
    const { contactId, candidate } = await anAccount(service, tenant, { email, givenName }, { verified: true });
    expect(await entriesOf(tenant)).toEqual([]);
    const [entry] = await service.db.query(
      `SELECT actor FROM audit_log WHERE tenant_id = $1 AND action = 'suppression.cleared'`,
      [tenant.tenantId],
    );
    expect(entry).toEqual({ actor: 'candidate' });
    const { body } = await service.call(candidate, 'DELETE', '/v1/account');
    await service.deliver(EraseContactData, {
      tenantId: tenant.tenantId,
      contactId,
      expungeId: String(body.expungeId),
      participants: ['contact-service'],
    });
    expect(await entriesOf(tenant)).toMatchObject([{ kind: 'removed', reason: 'account-deleted' }]);
  });

  test('then a sign-up with an address that nobody has verified is let in, and the entry stays until somebody has', async () => {
    const tenant = await aTenant(service);
    const { email } = await aRemoved(tenant);
    const { candidate } = await anAccount(service, tenant, { email });
    expect(await entriesOf(tenant)).toMatchObject([{ kind: 'removed' }]);
    const signUpAs = (verifiedEmail: string) =>
      service.call({ ...candidate, verifiedEmail }, 'POST', '/v1/account', { email });
    await signUpAs(aPerson().email);
    expect(await entriesOf(tenant)).toHaveLength(1);
    expect((await signUpAs(email.toUpperCase())).status).toBe(200);
    expect(await entriesOf(tenant)).toEqual([]);
  });

  test('then nobody can end the entry of another by signing up with one address and typing another', async () => {
    const tenant = await aTenant(service);
    const { email } = await aRemoved(tenant);
    const candidate = { ...tenant.candidate(), verifiedEmail: aPerson().email };
    await service.call(candidate, 'POST', '/v1/account', { email: candidate.verifiedEmail });
    await service.call(candidate, 'POST', '/v1/account', { email });
    expect(await entriesOf(tenant)).toHaveLength(1);
  });

  test.each([
    ['before the removal was asked for', true],
    ['before the erase', false],
  ])('then who signed up with that address %s is not noted', async (_, early) => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const contactId = await aContact(service, tenant, { email });
    if (early) await anAccount(service, tenant, { email }, { verified: true });
    const command = await expunging(service, tenant, contactId);
    if (!early) await anAccount(service, tenant, { email }, { verified: true });
    await service.deliver(EraseContactData, command);
    expect(await entriesOf(tenant)).toEqual([]);
  });

  test.each([
    ['nobody has verified it', async () => undefined],
    [
      'a recruiter has put it there',
      async (tenant: TestTenant, accountId: string, email: string) => {
        await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${accountId}`, { email: aPerson().email });
        await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${accountId}`, { email });
      },
    ],
  ])('then an account with that address does not count when %s', async (why, change) => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const verified = why !== 'nobody has verified it';
    const { contactId: accountId } = await anAccount(service, tenant, { email }, { verified });
    await change(tenant, accountId, email);
    const { contactId } = await anAccount(service, tenant, { email });
    await expunge(service, tenant, contactId);
    expect(await entriesOf(tenant)).toMatchObject([{ kind: 'removed' }]);
  });

  test('then the entry is a keyed hash, and the address stands nowhere', async () => {
    const tenant = await aTenant(service);
    const { email, expungeId } = await aRemoved(tenant);
    const [entry] = await entriesOf(tenant);
    expect(entry).toMatchObject({ kind: 'removed', expunge_id: expungeId, days: 1_095, lifted_at: null });
    expect(entry!.address_hash).toMatch(/^[\w-]{43}$/);
    const name = new URL(service.ownerUrl).pathname.slice(1);
    expect(await tracesInDatabase(process.env.TEST_POSTGRES_URL!, name, [email])).toEqual([]);
    const statistics = `SELECT count(*)::int AS count FROM pg_stats WHERE tablename = 'suppression' AND attname = 'address_hash'`;
    expect(await service.db.query(statistics)).toEqual([{ count: 0 }]);
  });

  test('then who has the address already may keep it', async () => {
    const tenant = await aTenant(service);
    const person = aPerson();
    const contactId = await aContact(service, tenant, person);
    const { contactId: own } = await anAccount(service, tenant, { email: person.email });
    await expunge(service, tenant, contactId);
    const change = { email: person.email.toUpperCase(), givenName: 'Zoe' };
    expect(await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${own}`, change)).toMatchObject({ status: 200 });
  });
});

describe('When an expunge had another reason', () => {
  test('and it was silence, then the entry is weaker and shorter', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    await expungeFor(tenant, await aContact(service, tenant, { email }), 'no-opt-in');
    expect(await entriesOf(tenant)).toMatchObject([{ kind: 'no-answer', reason: 'no-opt-in', days: 365 }]);
    const [{ until }] = (await entriesOf(tenant)) as [{ until: Date }];
    const day = until.toISOString().slice(0, 10);
    const refused = { status: 409, body: { code: 'address-not-to-be-asked' } };
    const added = await add(tenant, email);
    expect(added).toMatchObject(refused);
    expect(added.body.detail).toContain(
      `did not answer when asked to opt in, and is not to be asked again; until ${day}`,
    );
    const other = await aContact(service, tenant);
    expect(await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${other}`, { email })).toMatchObject(refused);
    const done = await anImport(service, tenant, `email,name\n${email},Zoe\n`);
    expect(done.rejected).toEqual([{ reason: 'not-to-be-asked', rows: 1 }]);
    expect((await reportOf(service, tenant, done.id)).text).toContain(`\n,,rejected,not-to-be-asked:${day},2\n`);
  });

  test('and it was the undoing of an import, then there is no entry', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    await expungeFor(tenant, await aContact(service, tenant, { email }), 'import-undone');
    expect(await entriesOf(tenant)).toEqual([]);
    expect((await add(tenant, email)).status).toBe(201);
  });

  test('and an earlier entry was stronger, then it stays as a whole', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const silent = async () => expungeFor(tenant, (await anAccount(service, tenant, { email })).contactId, 'no-opt-in');
    await silent();
    expect(await entriesOf(tenant)).toMatchObject([{ kind: 'no-answer' }]);
    const accounts = await Promise.all(many(2, () => anAccount(service, tenant, { email })));
    await expungeFor(tenant, accounts[0]!.contactId, 'account-deleted');
    const [stronger] = await entriesOf(tenant);
    expect(stronger).toMatchObject({ kind: 'removed', reason: 'account-deleted', days: 1_095 });
    await expungeFor(tenant, accounts[1]!.contactId, 'no-opt-in');
    expect(await entriesOf(tenant)).toEqual([stronger]);
  });

  test('and there was no address, then there is no entry', async () => {
    const tenant = await aTenant(service);
    await expunge(service, tenant, await aContact(service, tenant, { givenName: 'Zoe' }));
    expect(await entriesOf(tenant)).toEqual([]);
  });

  test('and it is learnt by a restored database only, then the entry is made all the same', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const contactId = await aContact(service, tenant, { email });
    const about = { tenantId: tenant.tenantId, contactId, reason: 'no-opt-in' as const };
    await service.deliver(ContactExpunged, aContactExpunged(about));
    expect(await entriesOf(tenant)).toMatchObject([{ kind: 'no-answer' }]);
  });
});

describe('When adding meets an expunge that has not committed yet', () => {
  /** Begins the erase, which comes to a stop at the contact's row with ledger and locks held, and then `work`. */
  async function whileErasing<T>(tenant: TestTenant, contactId: string, work: () => Promise<T>): Promise<T> {
    const command = await expunging(service, tenant, contactId);
    const sql = 'SELECT FROM contact WHERE id = $1 FOR UPDATE';
    const [, answer] = await service.whileHeld({ sql, values: [contactId], waiting: 2 }, async () => {
      const erased = service.deliver(EraseContactData, command);
      await waitUntil(somebodyWaits, { what: 'the erase waits', timeoutMs: 20_000 });
      return Promise.all([erased, work()]);
    });
    return answer;
  }

  const somebodyWaits = async (): Promise<true | undefined> => {
    const waiting = await service.db.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return waiting.length > 0 || undefined;
  };

  test('then a manual add waits for it and is refused', async () => {
    const [tenant, { email }] = [await aTenant(service), aPerson()];
    const contactId = await aContact(service, tenant, { email });
    const answer = await whileErasing(tenant, contactId, () => add(tenant, email));
    expect(answer).toMatchObject({ status: 409, body: { code: 'address-suppressed' } });
  });

  test('then a running import waits for it and leaves the row out', async () => {
    const [tenant, { email }] = [await aTenant(service), aPerson()];
    const contactId = await aContact(service, tenant, { email });
    const done = await whileErasing(tenant, contactId, () =>
      anImport(service, tenant, `email\n${email}\nnew@example.org\n`),
    );
    expect(done).toMatchObject({ rowsImported: 1, rejected: [{ reason: 'suppressed', rows: 1 }] });
  });

  test('then a running import waits for it also with a row that is refused anyway, and keeps nothing of it', async () => {
    const [tenant, { email }] = [await aTenant(service), aPerson()];
    const contactId = await aContact(service, tenant, { email });
    const done = await whileErasing(tenant, contactId, () =>
      anImport(service, tenant, `email,name,phone\n${email},Zoe,12\n`),
    );
    expect(await rowsKept(done.id)).toEqual([{ reason: 'suppressed', fields: null, address_hash: null }]);
  });
});

describe('When the privacy officer looks after the ledger', () => {
  test('then an entry can be looked up, and what was looked for is not written down', async () => {
    const tenant = await aTenant(service);
    const { email, expungeId } = await aRemoved(tenant);
    const found = await lookup(tenant, ` ${email.toUpperCase()} `);
    expect(found).toMatchObject({ status: 200, body: { suppressed: true, entry: { kind: 'removed', expungeId } } });
    const written = await service.db.query('SELECT * FROM audit_log WHERE tenant_id = $1 ORDER BY seq', [
      tenant.tenantId,
    ]);
    expect(JSON.stringify(written).toLowerCase()).not.toContain(email.toLowerCase());
    expect(written.at(-1)).toMatchObject({ action: 'suppression.looked-up', actor: tenant.officer.subject });
  });

  test('then an entry can be lifted once, loses its hash, and the address can be added again', async () => {
    const tenant = await aTenant(service);
    const { email } = await aRemoved(tenant);
    const lift = () => service.call(tenant.officer, 'POST', '/v1/suppressions/lift', { email, reason: 'She asked.' });
    const lifted = await lift();
    expect(lifted).toMatchObject({ status: 200, body: { liftedBy: tenant.officer.subject, liftReason: 'She asked.' } });
    expect(await entriesOf(tenant)).toMatchObject([{ address_hash: null }]);
    expect(await lift()).toMatchObject({ status: 404, body: { code: 'not-suppressed' } });
    expect((await add(tenant, email)).status).toBe(201);
  });

  test('then another company\u2019s officer finds and lifts nothing', async () => {
    const tenant = await aTenant(service);
    const { email } = await aRemoved(tenant);
    const { officer } = await aTenant(service);
    const lift = { email, reason: 'Mine.' };
    expect((await service.call(officer, 'POST', '/v1/suppressions/lift', lift)).status).toBe(404);
    expect((await add(tenant, email)).status).toBe(409);
  });
});

test('When the time of an entry is over, then it does not count any more, and is forgotten', async () => {
  const tenant = await aTenant(service);
  const { email } = await aRemoved(tenant);
  const over = `UPDATE suppression SET until = now() - interval '1 second' WHERE tenant_id = $1`;
  await service.db.query(over, [tenant.tenantId]);
  expect((await lookup(tenant, email)).body.suppressed).toBe(false);
  expect((await add(tenant, email)).status).toBe(201);
  await service.app.get(ForgetSuppressions).execute();
  expect(await entriesOf(tenant)).toEqual([]);
});

test('When the ledger is asked with what is no address, then that is answered 400', async () => {
  const tenant = await aTenant(service);
  for (const email of ['', 'x', null, randomUUID()]) {
    expect((await service.call(tenant.officer, 'POST', '/v1/suppressions/lookup', { email })).status).toBe(400);
  }
});
