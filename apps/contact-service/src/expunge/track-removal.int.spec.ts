import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ContactExpunged, type Data, EmailAccepted, EmailRejected, EraseContactData } from '#contracts';
import { aContactExpunged, anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { aContact, aTenant, type ContactService, startContactService } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

/** A requested removal, the messages that may come about it, and how far it is said to be. */
async function aRemoval() {
  const tenant = await aTenant(service);
  const contactId = await aContact(service, tenant);
  const { body } = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
  const about = { tenantId: tenant.tenantId, contactId, expungeId: String(body.expungeId) };
  const mail = { ...about, emailId: randomUUID(), purpose: 'expunge-confirmation' as const };
  const at = (second: number): string => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();
  const path = `/v1/contacts/${contactId}/removal`;
  return {
    about,
    expunged: aContactExpunged({ ...about, completedAt: at(1) }),
    accepted: { ...mail, at: at(2) } satisfies Data<EmailAccepted>,
    rejected: (permanent: boolean): Data<EmailRejected> => ({ ...mail, permanent, code: 'smtp-550', at: at(2) }),
    read: async (caller = tenant.recruiter) => (await service.call(caller, 'GET', path)).body,
    asOfficer: async () => (await service.call(tenant.officer, 'GET', path)).status,
    asAdmin: async () => (await service.call(tenant.admin, 'GET', path)).status,
    at,
  };
}

describe('how far a removal is', () => {
  test('When it goes its way, then recruiter and privacy officer see each step, also after the contact is gone', async () => {
    const removal = await aRemoval();
    const requested = { contactId: removal.about.contactId, state: 'requested', requestedBy: 'recruiter' };
    expect(await removal.read()).toMatchObject({ ...requested, reason: 'requested-by-recruiter', expungedAt: null });
    await service.deliver(EraseContactData, anEraseCommand(removal.about));
    await service.deliver(ContactExpunged, removal.expunged);
    const { certificateId } = removal.expunged;
    expect(await removal.read()).toMatchObject({ state: 'expunged', expungedAt: removal.at(1), certificateId });
    await service.deliver(EmailAccepted, removal.accepted);
    expect(await removal.read()).toMatchObject({ state: 'confirmed', confirmedAt: removal.at(2) });
    expect(await removal.asOfficer()).toBe(200);
    expect(await removal.asAdmin()).toBe(403);
  });

  test('When the messages come in the other order and twice, then it ends the same', async () => {
    const removal = await aRemoval();
    await service.deliver(EmailAccepted, [removal.accepted, { ...removal.accepted, at: removal.at(9) }]);
    expect(await removal.read()).toMatchObject({ state: 'confirmed', expungedAt: null });
    await service.deliver(ContactExpunged, [removal.expunged, removal.expunged]);
    await service.deliver(EmailAccepted, { ...removal.accepted, at: removal.at(8) });
    const end = { state: 'confirmed', expungedAt: removal.at(1), confirmedAt: removal.at(2) };
    expect(await removal.read()).toMatchObject(end);
  });

  test('When the confirmation is refused for now, then nothing changes; when for good, then that is said', async () => {
    const removal = await aRemoval();
    await service.deliver(ContactExpunged, removal.expunged);
    await service.deliver(EmailRejected, removal.rejected(false));
    expect(await removal.read()).toMatchObject({ state: 'expunged' });
    await service.deliver(EmailRejected, removal.rejected(true));
    expect(await removal.read()).toMatchObject({ state: 'confirmation-failed', confirmationFailedAt: removal.at(2) });
  });

  test('When a message names another contact or tenant than the request, then it changes nothing', async () => {
    const removal = await aRemoval();
    await service.deliver(EmailAccepted, { ...removal.accepted, contactId: randomUUID() });
    await service.deliver(EmailAccepted, { ...removal.accepted, expungeId: undefined });
    await service.deliver(ContactExpunged, { ...removal.expunged, contactId: randomUUID() });
    expect(await removal.read()).toMatchObject({ state: 'requested' });
  });

  test('When 300 mails are accepted in a batch, then it takes as many statements as for one', async () => {
    const removal = await aRemoval();
    const mails = many(300, () => ({ ...removal.accepted, contactId: randomUUID(), expungeId: randomUUID() }));
    const one = await countStatements(service.appDb, () => service.deliver(EmailAccepted, removal.accepted));
    expect(await countStatements(service.appDb, () => service.deliver(EmailAccepted, mails))).toBe(one);
  });

  test('When no removal was asked for, then there is none', async () => {
    const tenant = await aTenant(service);
    const contactId = await aContact(service, tenant);
    const answer = await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}/removal`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'no-removal' } });
  });
});
