import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmailAccepted, EmailRejected, ExpungeRequested } from '#contracts';
import { tracesInDatabase } from '../../../../test/support/find-traces.js';
import { many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import {
  allEvidence,
  anExpunged,
  aRequest,
  idsOf,
  type PrivacyTestService,
  rowOf,
  startPrivacyService,
} from '../../test/privacy-test-service.js';

const FROM = { source: 'notification-service' };

describe('What became of the confirmation', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService();
  });
  afterAll(() => service.stop());

  const aboutMail = async (request: ReturnType<typeof aRequest>) => {
    const emailId = String((await rowOf(service, request)).email_id);
    return { ...idsOf(request), emailId, purpose: 'expunge-confirmation', at: new Date().toISOString() } as const;
  };
  /** The whole table as text: whatever column the sealed recipient might hide in. */
  const holdsSeal = async ({ expungeId, sealedRecipient = '' }: ReturnType<typeof aRequest>): Promise<boolean> => {
    const [row] = await service.db.query('SELECT r::text AS row FROM expunge_request r WHERE expunge_id = $1', [
      expungeId,
    ]);
    return row.row.includes(sealedRecipient);
  };

  it('When the mail is accepted, then the request is confirmed and no copy of the sealed recipient is left', async () => {
    const request = await anExpunged(service);
    expect(await holdsSeal(request)).toBe(true);
    await service.deliver(EmailAccepted, await aboutMail(request), FROM);
    expect(await rowOf(service, request)).toMatchObject({ state: 'confirmed', confirmation_failed: false });
    expect(await holdsSeal(request)).toBe(false);
  });

  it('When the database has been analysed, then its statistics never quote a sealed recipient, nor does anything later', async () => {
    const requests = await Promise.all(many(5, () => anExpunged(service)));
    const traces = () =>
      tracesInDatabase(
        process.env.TEST_POSTGRES_URL!,
        new URL(service.ownerUrl).pathname.slice(1),
        requests.map(({ sealedRecipient }) => sealedRecipient!),
      );
    expect((await traces()).filter((where) => where.includes('pg_statistic'))).toEqual([]);
    const accepted = await Promise.all(requests.map(aboutMail));
    await service.deliver(EmailAccepted, accepted, FROM);
    await service.db.query('DELETE FROM outbox');
    expect(await traces()).toEqual([]);
  });

  it('When the mail is refused for good, then it shows, the certificate stays and the sealed recipient is deleted', async () => {
    const request = await anExpunged(service);
    await service.deliver(EmailRejected, { ...(await aboutMail(request)), permanent: true, code: 'smtp-550' }, FROM);
    const row = await rowOf(service, request);
    expect(row).toMatchObject({ state: 'expunged', confirmation_failed: true, certificate: expect.any(String) });
    expect(await holdsSeal(request)).toBe(false);
  });

  it('When the mail is put off, then nothing changes', async () => {
    const request = await anExpunged(service);
    await service.deliver(EmailRejected, { ...(await aboutMail(request)), permanent: false, code: 'smtp-451' }, FROM);
    expect(await rowOf(service, request)).toMatchObject({ state: 'expunged', confirmation_failed: false });
    expect(await holdsSeal(request)).toBe(true);
  });

  it('When another mail of the contact is accepted, then the request still waits for its own', async () => {
    const request = await anExpunged(service);
    await service.deliver(EmailAccepted, { ...(await aboutMail(request)), emailId: randomUUID() }, FROM);
    expect((await rowOf(service, request)).state).toBe('expunged');
  });

  it('When the outcome of a mail for another purpose comes, then it is none of our business, whoever it is about', async () => {
    const request = await anExpunged(service);
    const link = { ...(await aboutMail(request)), purpose: 'removal-link' } as const;
    const { expungeId: _, ...aboutNoRequest } = { ...link, contactId: randomUUID() };
    const accepted = await service.deliver(EmailAccepted, [link, aboutNoRequest], FROM);
    const refusal = { ...link, permanent: true, code: 'smtp-550' };
    const rejected = await service.deliver(EmailRejected, refusal, FROM);
    expect([accepted, rejected]).toMatchObject([
      { handled: 2, parked: 0 },
      { handled: 1, parked: 0 },
    ]);
    expect(await rowOf(service, request)).toMatchObject({ state: 'expunged', confirmation_failed: false });
  });

  it('When somebody else than notification-service says so, or the request is unknown, then it is parked', async () => {
    const request = await anExpunged(service);
    const accepted = await aboutMail(request);
    expect(await service.deliver(EmailAccepted, accepted, { source: 'workflow-service' })).toMatchObject({ parked: 1 });
    const unknown = { ...accepted, expungeId: randomUUID() };
    expect(await service.deliver(EmailAccepted, unknown, FROM)).toMatchObject({ parked: 1 });
    expect((await rowOf(service, request)).state).toBe('expunged');
  });

  it('When hundreds are accepted in one batch, then the number of statements is that of one', async () => {
    const tenantId = randomUUID();
    const requests = many(60, () => aRequest({ tenantId }));
    await service.deliver(ExpungeRequested, requests, { source: 'contact-service' });
    await service.deliverMixed(...requests.flatMap(allEvidence));
    const accepted = await Promise.all(requests.map(aboutMail));
    const one = await countStatements(service.quiet, () => service.deliver(EmailAccepted, accepted[0]!, FROM));
    const rest = accepted.slice(1);
    expect(await countStatements(service.quiet, () => service.deliver(EmailAccepted, rest, FROM))).toBe(one);
    expect((await rowOf(service, accepted[59]!)).state).toBe('confirmed');
  });
});
