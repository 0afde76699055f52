import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ContactExpunged, type Data, EmailAccepted, EraseContactData } from '#contracts';
import { aContactExpunged, anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { tracesInDatabase } from '../../../../test/support/find-traces.js';
import {
  aContact,
  aPerson,
  aTenant,
  anAccount,
  type ContactService,
  erase,
  startContactService,
  type TestTenant,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

/** A contact whose removal a recruiter has asked for, and the command privacy-service sends then. */
async function anExpungingContact(tenant: TestTenant, details: object = aPerson(), body = 'Called her') {
  const contactId = await aContact(service, tenant, details);
  await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/notes`, { body });
  const answer = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
  const { expungeId, statusUrl } = answer.body as { expungeId: string; statusUrl: string };
  return { contactId, command: anEraseCommand({ tenantId: tenant.tenantId, contactId, expungeId }), statusUrl };
}

const NOTE = 'Wants to move to Łódź';

/** Where these texts stand: in which table, or in pg_statistic. */
const traces = (texts: string[]): Promise<string[]> =>
  tracesInDatabase(process.env.TEST_POSTGRES_URL!, new URL(service.ownerUrl).pathname.slice(1), texts);

const rowsOf = async (contactId: string): Promise<unknown> => {
  const [row] = await service.db.query(
    `SELECT (SELECT count(*)::int FROM contact WHERE id = $1) AS contacts,
            (SELECT count(*)::int FROM note WHERE contact_id = $1) AS notes`,
    [contactId],
  );
  return row;
};
const answersTo = async ({ contactId }: Data<EraseContactData>) =>
  (await service.said(contactId)).filter(({ type }) => /^ContactDataErased|^ContactErasureRefused/.test(type));

describe('a requested erase', () => {
  test('When it is commanded, then contact and notes go, the evidence is answered and the contact is Gone', async () => {
    const tenant = await aTenant(service);
    const { contactId, command } = await anExpungingContact(tenant);
    await service.deliver(EraseContactData, command);
    expect(await rowsOf(contactId)).toEqual({ contacts: 0, notes: 0 });
    const stores = [
      { store: 'dead_letters', erased: 0, remaining: 0 },
      { store: 'import_rows', erased: 0, remaining: 0 },
      { store: 'notes', erased: 1, remaining: 0 },
      { store: 'consent_requests', erased: 0, remaining: 0 },
      { store: 'request_records', erased: 0, remaining: 0 },
      { store: 'contacts', erased: 1, remaining: 0 },
    ];
    const evidence = { participant: 'contact-service', outcome: 'erased', expungeId: command.expungeId, stores };
    expect(await answersTo(command)).toMatchObject([{ type: 'ContactDataErased', data: evidence }]);
    const read = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}`);
    const detail = `See /v1/contacts/${contactId}/removal.`;
    expect(read).toMatchObject({ status: 410, body: { code: 'contact-removed', detail } });
  });

  test('When it is commanded again, then the same evidence is answered again', async () => {
    const { command } = await anExpungingContact(await aTenant(service));
    await service.deliver(EraseContactData, command);
    await service.deliver(EraseContactData, { ...command, participants: ['contact-service'] });
    const [first, second] = await answersTo(command);
    expect(second).toMatchObject({
      type: 'ContactDataErased',
      data: { outcome: 'erased', stores: first!.data.stores },
    });
  });

  test('When it is over, then nothing personal is left in any table or in the statistics', async () => {
    const [tenant, person] = [await aTenant(service), { ...aPerson(), language: 'sv', country: 'SE' }];
    // With a single row there would be no histogram that could hold its values.
    await Promise.all(many(5, () => anExpungingContact(tenant)));
    const { command, statusUrl } = await anExpungingContact(tenant, person, NOTE);
    const { email, givenName, familyName, phone } = person;
    const personal = [email, givenName, familyName, phone, NOTE, statusUrl.split('/').at(-1)!];
    expect((await traces(personal)).filter((where) => !/\.(contact|note)$/.test(where))).toEqual([]);
    const requested = (await service.said(command.contactId)).find(({ type }) => type === 'ExpungeRequested');
    const sealed = String(requested!.data.sealedRecipient);
    await service.deliver(EraseContactData, command);
    expect((await traces([...personal, sealed])).filter((where) => !/^eyJ.*\.outbox$/.test(where))).toEqual([]);
  });

  test('When a person who signed up is erased, then the token subject leads nowhere and signing up is new', async () => {
    const [tenant, person] = [await aTenant(service), aPerson()];
    const { candidate, contactId } = await anAccount(service, tenant, person);
    const { body } = await service.call(candidate, 'DELETE', '/v1/account');
    const command = anEraseCommand({ tenantId: tenant.tenantId, contactId, expungeId: String(body.expungeId) });
    await service.deliver(EraseContactData, command);
    expect(await traces([candidate.subject])).toEqual([]);
    expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 404 });
    expect(await service.call(candidate, 'DELETE', '/v1/account')).toMatchObject({ status: 404 });
    const again = await service.call(candidate, 'POST', '/v1/account', person);
    expect(again).toMatchObject({ status: 201 });
    expect(again.body.id).not.toBe(contactId);
  });

  test('When a parked message is about the contact, then it is erased and counted too', async () => {
    const { contactId, command } = await anExpungingContact(await aTenant(service));
    const accepted = { emailId: randomUUID(), purpose: 'expunge-confirmation', at: 'some day' } as const;
    await service.deliver(EmailAccepted, { tenantId: command.tenantId, contactId, ...accepted });
    await service.deliver(EraseContactData, command);
    const [answer] = await answersTo(command);
    expect(answer!.data.stores).toContainEqual({ store: 'dead_letters', erased: 1, remaining: 0 });
  });

  test('When hundreds are commanded in a batch, then it takes as many statements as for one', async () => {
    const { tenantId } = await aTenant(service);
    const commands = many(600, () => anEraseCommand({ tenantId }));
    await service.db.query(
      `WITH command AS (SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS c (contact_id, expunge_id)),
            known AS (INSERT INTO subject (contact_id, tenant_id) SELECT contact_id, $1 FROM command)
       INSERT INTO contact (id, tenant_id, source, state, email, expunge_id, status_token, expunge_request, expunge_repeat_at)
       SELECT contact_id, $1, 'manual', 'expunging', 'somebody@example.org', expunge_id, 'token', '{}', 'infinity'
       FROM command`,
      [tenantId, commands.map(({ contactId }) => contactId), commands.map(({ expungeId }) => expungeId)],
    );
    const erase = (batch: Data<EraseContactData>[]) =>
      countStatements(service.appDb, () => service.deliver(EraseContactData, batch));
    const one = await erase(commands.slice(0, 1));
    expect(await erase(commands.slice(1))).toBe(one);
    const [left] = await service.db.query('SELECT count(*)::int AS rows FROM contact WHERE tenant_id = $1', [tenantId]);
    expect(left).toEqual({ rows: 0 });
    expect(await answersTo(commands[599]!)).toMatchObject([{ data: { outcome: 'erased' } }]);
  });
});

describe('an erase nobody asked for here', () => {
  const refusal = (reason: string) => [
    { type: 'ContactErasureRefused', data: { participant: 'contact-service', reason } },
  ];

  test('When the contact is active or disabled, then it is refused and the contact untouched', async () => {
    const tenant = await aTenant(service, 'off');
    const active = await aContact(service, tenant);
    const { candidate, contactId: disabled } = await anAccount(service, tenant);
    await service.call(candidate, 'DELETE', '/v1/account');
    for (const contactId of [active, disabled]) {
      const command = anEraseCommand({ tenantId: tenant.tenantId, contactId });
      await service.deliver(EraseContactData, command);
      expect(await answersTo(command)).toMatchObject(refusal('not-requested'));
      expect(await rowsOf(contactId)).toEqual({ contacts: 1, notes: 0 });
    }
  });

  test('When the contact is expunging under another request, then it is refused and the contact untouched', async () => {
    const { contactId, command } = await anExpungingContact(await aTenant(service));
    await service.deliver(EraseContactData, { ...command, expungeId: randomUUID() });
    expect(await answersTo(command)).toMatchObject(refusal('not-requested'));
    expect(await rowsOf(contactId)).toEqual({ contacts: 1, notes: 1 });
  });

  test('When the command names another tenant, then it is refused and the contact untouched', async () => {
    const { contactId, command } = await anExpungingContact(await aTenant(service));
    await service.deliver(EraseContactData, { ...command, tenantId: randomUUID() });
    expect(await answersTo(command)).toMatchObject(refusal('wrong-tenant'));
    expect(await rowsOf(contactId)).toEqual({ contacts: 1, notes: 1 });
  });

  test('When the contact is unknown, then it is refused, not answered as erased', async () => {
    const command = anEraseCommand({ tenantId: (await aTenant(service)).tenantId });
    await service.deliver(EraseContactData, command);
    expect(await answersTo(command)).toMatchObject(refusal('not-requested'));
  });

  test('When a wrong command is in a batch with right ones, then only the right ones are carried out', async () => {
    const tenant = await aTenant(service);
    const right = await anExpungingContact(tenant);
    const wrong = anEraseCommand({ tenantId: tenant.tenantId, contactId: await aContact(service, tenant) });
    await service.deliver(EraseContactData, [wrong, right.command]);
    expect(await rowsOf(wrong.contactId)).toMatchObject({ contacts: 1 });
    expect(await rowsOf(right.contactId)).toEqual({ contacts: 0, notes: 0 });
  });

  test('When others are asked, then nothing is deleted or answered', async () => {
    const { contactId, command } = await anExpungingContact(await aTenant(service));
    await service.deliver(EraseContactData, { ...command, participants: ['workflow-service'] });
    expect(await answersTo(command)).toEqual([]);
    expect(await rowsOf(contactId)).toEqual({ contacts: 1, notes: 1 });
  });
});

describe('who comes too late', () => {
  test.each([
    ['a change', 'PATCH', '', { givenName: 'Back' }],
    ['a note', 'POST', '/notes', { body: 'Back again' }],
    ['an expunge', 'POST', '/expunge', undefined],
  ])(
    'When %s waits at the lock while the erase commits, then it writes nothing and is Gone',
    async (_, method, path, body) => {
      const tenant = await aTenant(service);
      const contactId = await aContact(service, tenant);
      const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
      const write = () => service.call(tenant.recruiter, method, `/v1/contacts/${contactId}${path}`, body);
      const late = await service.whileHeld(held, write, (eraser) => erase(eraser, contactId));
      expect(late).toMatchObject({ status: 410, body: { code: 'contact-removed' } });
      expect(await rowsOf(contactId)).toEqual({ contacts: 0, notes: 0 });
      expect(await service.said(contactId)).toHaveLength(1);
    },
  );

  test('When requests and messages come for a tombstone, then nothing comes back', async () => {
    const tenant = await aTenant(service);
    const { contactId, command } = await anExpungingContact(tenant);
    await service.deliver(EraseContactData, command);
    const path = `/v1/contacts/${contactId}`;
    const calls = [
      service.call(tenant.recruiter, 'PATCH', path, { givenName: 'Back' }),
      service.call(tenant.recruiter, 'POST', `${path}/notes`, { body: 'Back' }),
      service.call(tenant.recruiter, 'GET', `${path}/notes`),
      service.call(tenant.recruiter, 'POST', `${path}/expunge`),
    ];
    for (const answer of await Promise.all(calls)) expect(answer.status).toBe(410);
    await service.deliver(EraseContactData, { ...command, expungeId: randomUUID() });
    await service.deliver(ContactExpunged, aContactExpunged({ ...command }));
    expect(await rowsOf(contactId)).toEqual({ contacts: 0, notes: 0 });
  });

  test('When another tenant asks for a tombstone, then it learns nothing', async () => {
    const { contactId, command } = await anExpungingContact(await aTenant(service));
    await service.deliver(EraseContactData, command);
    const { recruiter } = await aTenant(service);
    expect(await service.call(recruiter, 'GET', `/v1/contacts/${contactId}`)).toMatchObject({ status: 404 });
    expect(await service.call(recruiter, 'GET', `/v1/contacts/${contactId}/removal`)).toMatchObject({ status: 404 });
    const patch = await service.call(recruiter, 'PATCH', `/v1/contacts/${contactId}`, { givenName: 'X' });
    expect(patch).toMatchObject({ status: 404 });
  });
});

test('When a restored database hears that a contact was expunged, then the contact goes and its removal is known', async () => {
  const tenant = await aTenant(service);
  const contactId = await aContact(service, tenant);
  const event = aContactExpunged({ tenantId: tenant.tenantId, contactId });
  await service.deliver(ContactExpunged, [event, event]);
  expect(await rowsOf(contactId)).toEqual({ contacts: 0, notes: 0 });
  const removal = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}/removal`);
  expect(removal).toMatchObject({ status: 200, body: { state: 'expunged', certificateId: event.certificateId } });
});

test('When something of the contact is filed under another tenant, then nothing is claimed and the command is parked', async () => {
  const owner = await new DataSource({
    type: 'postgres',
    url: service.ownerUrl,
    installExtensions: false,
  }).initialize();
  // With the foreign key the contact could not even be deleted; here it is the recount that must notice.
  await owner.query('ALTER TABLE note DROP CONSTRAINT note_contact_id_fkey');
  await owner.destroy();
  const { contactId, command } = await anExpungingContact(await aTenant(service));
  await service.db.query(
    `INSERT INTO note (id, tenant_id, contact_id, author_subject, body) VALUES ($1, $2, $3, 'somebody', 'Elsewhere')`,
    [randomUUID(), (await aTenant(service)).tenantId, contactId],
  );
  expect(await service.deliver(EraseContactData, command)).toMatchObject({ parked: 1 });
  const [parked] = await service.db.query('SELECT reason FROM dead_letter WHERE key = $1', [contactId]);
  expect(parked).toEqual({ reason: 'The store notes still holds data after its deletion.' });
  expect(await answersTo(command)).toEqual([]);
  expect(await rowsOf(contactId)).toEqual({ contacts: 1, notes: 2 });
});
