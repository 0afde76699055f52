import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { EraseContactData } from '#contracts';
import { anEraseCommand } from '../../../../test/support/make.js';
import { anAskedPerson, answerForm, fieldsOf, oneClick, openForm } from '../../test/opt-in-ask.js';
import { aTenant, type ContactService, startContactService, type TestTenant } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

interface Record_ {
  readonly record_id: string;
  readonly event_state: string;
  readonly language: string;
  readonly privacy_notice: { text: string; version: number; hash: string };
}

async function recordsOf(tenant: TestTenant, contactId: string, query = '') {
  const { status, body } = await service.call(
    tenant.officer,
    'GET',
    `/v1/contacts/${contactId}/consent-records${query}`,
  );
  return { status, items: (body.items ?? []) as Record_[], next: body.next as string | undefined };
}

test('When somebody has decided several times, then each decision stands there with the words that were shown', async () => {
  const { tenant, tenantId, contactId, token, emailId } = await anAskedPerson(service);
  await answerForm(service, `${token}?lang=de`, 'decline');
  await answerForm(service, token, 'opt-in');
  await oneClick(service, token);
  const { items } = await recordsOf(tenant, contactId);
  expect(items.map(({ event_state, language }) => [event_state, language])).toEqual([
    ['refused', 'de'],
    ['given', 'en'],
    ['withdrawn', 'zxx'],
  ]);
  expect(items[1]).toEqual({
    schema_version: 'ISO/IEC TS 27560:2023',
    record_id: expect.any(String),
    pii_principal_id: contactId,
    pii_controller: { party_id: tenantId, party_name: 'Acme Corporation', party_contact: 'privacy@acme.example' },
    purpose: 'recruiting',
    lawful_basis: 'consent',
    language: 'en',
    privacy_notice: {
      text: expect.stringContaining('\u2068Acme Corporation\u2069'),
      version: 1,
      hash: expect.any(String),
    },
    event_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    event_type: 'explicit',
    event_state: 'given',
    collection_method: 'form',
    email_id: emailId,
  });
});

test('When the words are looked at, then each line of them stood on the page, and the hash is theirs', async () => {
  const { tenant, contactId, token } = await anAskedPerson(service);
  const { html } = await openForm(service, `${token}?lang=ar`);
  await answerForm(service, `${token}?lang=ar`, 'opt-in');
  const [record] = (await recordsOf(tenant, contactId)).items;
  const { text, version, hash } = record!.privacy_notice;
  expect(fieldsOf(html, 'opt-in').text).toBe(hash);
  expect(createHash('sha256').update(`ar\n${version}\n${text}`).digest('base64url')).toBe(hash);
  for (const line of text.split('\n')) expect(html).toContain(line.replace(/^\[x\] |^\[|\]$/g, ''));
});

test('When the contact is erased, then the records stay, with ids only', async () => {
  const { tenant, tenantId, contactId, token } = await anAskedPerson(service);
  await answerForm(service, token, 'opt-in');
  const before = await recordsOf(tenant, contactId);
  await answerForm(service, token, 'remove');
  const [request] = (await service.said(contactId)).filter(({ type }) => type === 'ExpungeRequested');
  await service.db.query('DELETE FROM opt_in_ask WHERE contact_id = $1', [contactId]);
  const command = { tenantId, contactId, expungeId: String(request!.data.expungeId) };
  await service.deliver(EraseContactData, anEraseCommand(command));
  expect(await service.db.query('SELECT 1 FROM contact WHERE id = $1', [contactId])).toEqual([]);
  expect(await recordsOf(tenant, contactId)).toEqual(before);
});

test('When there are many, then they come in pages, and each says the same as in one list', async () => {
  const { tenant, contactId, token } = await anAskedPerson(service);
  for (const decision of ['opt-in', 'decline', 'opt-in', 'decline', 'opt-in'] as const)
    await answerForm(service, token, decision);
  const all = await recordsOf(tenant, contactId);
  const paged: Record_[] = [];
  let page = await recordsOf(tenant, contactId, '?limit=2');
  for (; page.next !== undefined; page = await recordsOf(tenant, contactId, `?limit=2&after=${page.next}`))
    paged.push(...page.items);
  expect([...paged, ...page.items]).toEqual(all.items);
  expect(all.items.map(({ event_state }) => event_state)).toEqual([
    'given',
    'withdrawn',
    'given',
    'withdrawn',
    'given',
  ]);
});

test('When nothing was decided, then the list is empty; when nobody is there, or at another company, it is a 404', async () => {
  const { tenant, contactId, token } = await anAskedPerson(service);
  expect(await recordsOf(tenant, contactId)).toEqual({ status: 200, items: [], next: undefined });
  await answerForm(service, token, 'opt-in');
  expect((await recordsOf(tenant, randomUUID())).status).toBe(404);
  expect((await recordsOf(await aTenant(service), contactId)).status).toBe(404);
  expect((await recordsOf(tenant, contactId, `?after=${randomUUID()}`)).items).toEqual([]);
  const path = `/v1/contacts/${contactId}/consent-records`;
  expect((await service.call(tenant.recruiter, 'GET', path)).status).toBe(200);
  expect((await service.call(tenant.admin, 'GET', path)).status).toBe(403);
});

test('When somebody tries to change or remove a record or its words, then the database refuses', async () => {
  const { contactId, token } = await anAskedPerson(service);
  await answerForm(service, token, 'opt-in');
  const statements = [
    `UPDATE consent_record SET decision = 'declined'`,
    'DELETE FROM consent_record',
    `UPDATE consent_text SET text = 'x'`,
    'DELETE FROM consent_text',
  ];
  const codeOf = (db: DataSource) => (statement: string) =>
    db.query(statement).then(
      () => 'done',
      (error: { driverError: { code: string } }) => error.driverError.code,
    );
  expect(await Promise.all(statements.map(codeOf(service.db)))).toEqual(statements.map(() => '42501'));
  const owner = await new DataSource({
    type: 'postgres',
    url: service.ownerUrl,
    installExtensions: false,
    extra: { options: '-c app.tenant_id=all' },
  }).initialize();
  const restricted = '23001';
  expect(await Promise.all([...statements, 'TRUNCATE consent_record'].map(codeOf(owner)))).toEqual(
    [...statements, ''].map(() => restricted),
  );
  await owner.destroy();
  expect(await service.db.query('SELECT decision FROM consent_record WHERE contact_id = $1', [contactId])).toEqual([
    { decision: 'opted-in' },
  ]);
});
