import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { EraseContactData } from '#contracts';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { aHold, liftHold } from '../../test/a-hold.js';
import { anImport, untilState } from '../../test/an-import.js';
import { aLink, press } from '../../test/removal-link.js';
import {
  aContact,
  aPerson,
  aTenant,
  anAccount,
  anEnabling,
  type ContactService,
  startContactService,
} from '../../test/start.js';
import { ExpungeSoftDeleted } from './expunge-soft-deleted.js';
import { RequestExpunge } from './request-expunge.js';
import { ResumeWaiting } from './resume-waiting.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

/** Until nobody is left to be asked for. */
async function look(): Promise<void> {
  while ((await service.app.get(ExpungeSoftDeleted).execute()) === 'more');
}

const typesAbout = async (contactId: string) => (await service.said(contactId)).map(({ type }) => type);
const requestOf = async (contactId: string) =>
  (await service.said(contactId)).find(({ type }) => type === 'ExpungeRequested')?.data;
const withSoftDeleted = (softDeleted: 'keep' | 'expunge') => {
  return { checklist: { ...anEnabling().checklist, softDeleted } };
};

/** A client company with a contact that deleted its account while expunge was off. */
async function aSoftDeleted() {
  const tenant = await aTenant(service, 'off');
  const { candidate, contactId } = await anAccount(service, tenant);
  await service.call(candidate, 'DELETE', '/v1/account');
  return { tenant, candidate, contactId };
}

test('When expunge is enabled with "expunge" for the soft-deleted, then they are removed, and nobody else', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  const active = await aContact(service, tenant);
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  await look();
  expect(await requestOf(contactId)).toMatchObject({ requestedBy: 'candidate', reason: 'account-deleted' });
  expect(await typesAbout(active)).toEqual(['ContactAdded']);
  const [entry] = await service.db.query(
    `SELECT actor FROM audit_log WHERE target = $1 AND action = 'expunge.requested'`,
    [contactId],
  );
  expect(entry).toEqual({ actor: 'system' });
});

test('When a contact was disabled through a link, then that is what its removal says, and when it was asked for', async () => {
  const tenant = await aTenant(service, 'off');
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  await press(service, await aLink(service, { tenantId: tenant.tenantId, email: person.email, contactId }));
  const [pressed] = await service.db.query('SELECT disabled_at AS at FROM contact WHERE id = $1', [contactId]);
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  await look();
  const asked = {
    requestedBy: 'address-holder',
    reason: 'requested-by-address',
    requestedAt: pressed.at.toISOString(),
  };
  expect(await requestOf(contactId)).toMatchObject(asked);
  const removal = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}/removal`);
  expect(removal.body).toMatchObject(asked);
});

describe('When an import was undone while expunge was off', () => {
  /** A client company with a person whom such an import brought and its undoing disabled. */
  async function anUndone() {
    const [tenant, { email }] = [await aTenant(service, 'off'), aPerson()];
    const { id } = await anImport(service, tenant, `email,name\n${email},Zoe\n`);
    await service.call(tenant.recruiter, 'POST', `/v1/imports/${id}/undo`);
    await untilState(service, tenant, id, ['undone']);
    const [contact] = await service.db.query('SELECT id FROM contact WHERE import_id = $1', [id]);
    return { tenant, email, contactId: String(contact.id), importId: id };
  }

  test('then its people are removed without a mail and without an entry in the ledger', async () => {
    const { tenant, email, contactId } = await anUndone();
    await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
    await look();
    const request = await requestOf(contactId);
    expect(request).toMatchObject({ requestedBy: 'recruiter', reason: 'import-undone' });
    expect(request).not.toHaveProperty('sealedRecipient');
    expect(request).not.toHaveProperty('subjectCommitment');
    const { expungeId } = request as { expungeId: string };
    const participants = ['contact-service'];
    await service.deliver(EraseContactData, { tenantId: tenant.tenantId, contactId, expungeId, participants });
    expect(await typesAbout(contactId)).toContain('ContactDataErased');
    const ledger = await service.db.query('SELECT FROM suppression WHERE tenant_id = $1', [tenant.tenantId]);
    expect(ledger).toEqual([]);
    expect((await service.call(tenant.recruiter, 'POST', '/v1/contacts', { email })).status).toBe(201);
  });

  test('and the import is forgotten by then, then that is the same', async () => {
    const { tenant, contactId, importId } = await anUndone();
    await service.db.query('DELETE FROM import WHERE id = $1', [importId]);
    await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
    await look();
    expect(await requestOf(contactId)).toMatchObject({ reason: 'import-undone' });
  });

  test('and a person was disabled through a link before, then the removal is the one that person asked for', async () => {
    const [tenant, { email }] = [await aTenant(service, 'off'), aPerson()];
    const { id } = await anImport(service, tenant, `email,name\n${email},Zoe\n`);
    const [{ id: contactId }] = await service.db.query('SELECT id FROM contact WHERE import_id = $1', [id]);
    await press(service, await aLink(service, { tenantId: tenant.tenantId, email, contactId }));
    await service.call(tenant.recruiter, 'POST', `/v1/imports/${id}/undo`);
    await untilState(service, tenant, id, ['undone']);
    await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
    await look();
    const request = await requestOf(contactId);
    expect(request).toMatchObject({ requestedBy: 'address-holder', reason: 'requested-by-address' });
    expect(request).toHaveProperty('sealedRecipient');
  });
});

test('When it is not known who had a contact disabled, then it is left: its certificate could not be true', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  await service.db.query('UPDATE contact SET disabled_by = NULL WHERE id = $1', [contactId]);
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  await look();
  expect(await typesAbout(contactId)).not.toContain('ExpungeRequested');
});

test('When the service runs, then it happens by itself', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  service.app.get(Pumps).wake('expunge-soft-deleted');
  const requested = async () => (await typesAbout(contactId)).includes('ExpungeRequested') || undefined;
  await waitUntil(requested, { what: 'the removal begins', timeoutMs: 30_000 });
});

test('When the company keeps its soft-deleted contacts, or expunge is not in force yet, then nothing happens', async () => {
  const [kept, early] = [await aSoftDeleted(), await aSoftDeleted()];
  await kept.tenant.setPolicy('permanent', withSoftDeleted('keep'));
  const effectiveAt = new Date(Date.now() + 3_600_000).toISOString();
  await early.tenant.setPolicy('permanent', { ...withSoftDeleted('expunge'), effectiveAt });
  await look();
  for (const { contactId } of [kept, early]) expect(await typesAbout(contactId)).not.toContain('ExpungeRequested');
});

test('When a contact is held, then it is left as it is, and removed when the hold is lifted', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  const holdId = await aHold(service, tenant, contactId);
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  await look();
  expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled']);
  await liftHold(service, tenant, contactId, holdId);
  await look();
  expect(await typesAbout(contactId)).toContain('ExpungeRequested');
});

test('When expunge is switched off while a contact is held, then it is kept: its click was a soft delete', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  const holdId = await aHold(service, tenant, contactId);
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  await look();
  await tenant.setPolicy('off');
  await liftHold(service, tenant, contactId, holdId);
  await look();
  await service.app.get(ResumeWaiting).execute();
  expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled']);
});

test('When the kill switch is set while the timer waits for the contact, then the contact is left as it is', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  const held = { sql: 'SELECT 1 FROM tenant WHERE id = $1 FOR UPDATE', values: [tenant.tenantId] };
  await service.whileHeld(held, look, (officer) =>
    officer.query('UPDATE tenant SET kill_switch_since = now() WHERE id = $1', [tenant.tenantId]),
  );
  expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled']);
});

test('When the kill switch is on, then they are left as they are until it is released', async () => {
  const { tenant, contactId } = await aSoftDeleted();
  await tenant.setKillSwitch(true);
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  await look();
  expect(await typesAbout(contactId)).toEqual(['ContactAdded', 'ContactDisabled']);
  await tenant.setKillSwitch(false);
  await look();
  expect(await typesAbout(contactId)).toContain('ExpungeRequested');
});

test('When the person signs up again while the timer waits for the contact, then nothing is removed', async () => {
  const { tenant, candidate, contactId } = await aSoftDeleted();
  await service.call(candidate, 'POST', '/v1/account', aPerson());
  // As it was when the timer looked; what it waits for is the sign-up.
  await service.db.query(
    `UPDATE contact SET state = 'disabled', disabled_at = now(), disabled_by = 'candidate' WHERE id = $1`,
    [contactId],
  );
  await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
  await service.whileHeld(held, look, (signUp) =>
    signUp.query(`UPDATE contact SET state = 'active', disabled_at = NULL WHERE id = $1`, [contactId]),
  );
  expect(await typesAbout(contactId)).not.toContain('ExpungeRequested');
  expect(await service.call(candidate, 'GET', '/v1/account')).toMatchObject({ status: 200 });
});

test('When the work for one company fails, then the others go on, it is logged, and tried again later', async () => {
  const both = [await aSoftDeleted(), await aSoftDeleted()];
  // The timer comes to the one with the lower id first.
  const [failing, other] = both.sort((a, b) => (a.tenant.tenantId < b.tenant.tenantId ? -1 : 1)) as [Made, Made];
  for (const { tenant } of both) await tenant.setPolicy('permanent', withSoftDeleted('expunge'));
  const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
  const mended = failFor(failing.tenant.tenantId);
  try {
    await look();
    expect(await typesAbout(other.contactId)).toContain('ExpungeRequested');
    expect(await typesAbout(failing.contactId)).not.toContain('ExpungeRequested');
    const about = { pump: 'expunge-soft-deleted', tenantId: failing.tenant.tenantId, pauseMs: 20_000 };
    expect(logged.mock.calls).toEqual([
      [expect.objectContaining({ ...about, error: { name: 'Error', stack: expect.anything() } })],
    ]);
    const soon = performance.now() + 20_001;
    jest.spyOn(performance, 'now').mockReturnValue(soon);
    mended();
    await look();
    expect(await typesAbout(failing.contactId)).toContain('ExpungeRequested');
  } finally {
    jest.restoreAllMocks();
    mended();
  }
});

type Made = Awaited<ReturnType<typeof aSoftDeleted>>;

/** Until it is mended, by what is returned, no removal of this company can begin. */
function failFor(tenantId: string): () => void {
  const request = service.app.get(RequestExpunge);
  const { execute } = RequestExpunge.prototype;
  request.execute = async (tx, beginnings) => {
    if (beginnings.some(({ judged }) => judged.tenant.id === tenantId)) throw new Error('Zoe cannot be sealed');
    return execute.call(request, tx, beginnings);
  };
  return () => (request.execute = execute);
}
