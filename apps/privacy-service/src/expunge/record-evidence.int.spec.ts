import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ContactDataErased, ContactErasureRefused, ExpungeRequested, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { countStatements } from '../../../../test/support/statements.js';
import { many } from '../../../../test/support/make.js';
import {
  allEvidence,
  anExpunged,
  aRequest,
  BUILT_IN,
  evidenceOf,
  idsOf,
  ISSUER,
  type Mixed,
  type PrivacyTestService,
  rowOf,
  saidAbout,
  startPrivacyService,
} from '../../test/privacy-test-service.js';
import { RecordEvidence } from './record-evidence.js';
import { verifyCertificate } from '../certificate/verify-certificate.js';

describe('Recording evidence', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService();
  });
  afterAll(() => service.stop());

  const aSaved = async (given = {}) => {
    const request = aRequest(given);
    await service.deliver(ExpungeRequested, request);
    return request;
  };
  const refusalOf = (participant: string, request: ReturnType<typeof aRequest>): Mixed => {
    const data = { ...idsOf(request), participant, reason: 'legal-hold', at: new Date().toISOString() };
    return { type: ContactErasureRefused, source: participant, data };
  };

  it('When the answers come one by one, then only the last one completes: certificate, ContactExpunged, mail', async () => {
    const request = await aSaved();
    for (const evidence of allEvidence(request)) {
      expect((await rowOf(service, request)).state).toBe('erasing');
      await service.deliverMixed(evidence);
    }
    const row = await rowOf(service, request);
    const [, expunged, mail] = await saidAbout(service, request);
    expect(row).toMatchObject({ state: 'expunged', ask_again_at: null, refused: false });
    expect(expunged).toMatchObject({
      type: 'ContactExpunged',
      data: { ...idsOf(request), certificateId: row.certificate_id, requestedAt: request.requestedAt },
    });
    expect(mail).toMatchObject({
      type: 'SendEmail',
      data: { sealed: request.sealedRecipient, expungeId: request.expungeId, emailId: row.email_id },
    });
    expect(mail?.data.attachments).toEqual([
      { filename: 'certificate.jws', contentType: 'application/jose', content: row.certificate },
    ]);
  });

  it('When all answers come in one batch, then the certificate verifies and names each participant with its counts', async () => {
    const tenantId = randomUUID();
    const tenant = { tenantId, revision: 1, name: 'Example plc', languages: ['en'], privacyContact: 'dpo@example.com' };
    await service.deliver(TenantChanged, tenant);
    const request = await anExpunged(service, { tenantId });
    const statement = await verifyCertificate(String((await rowOf(service, request)).certificate), service.keys);
    expect(statement).toMatchObject({
      iss: ISSUER,
      controller: { tenantId, name: 'Example plc', privacyContact: 'dpo@example.com' },
      request: { expungeId: request.expungeId, requestedAt: request.requestedAt },
      subjectCommitment: request.subjectCommitment,
    });
    expect(statement.participants.map(({ participant }) => participant)).toEqual(BUILT_IN);
    expect(statement.participants[0]?.stores).toEqual([{ store: 'rows', erased: 2, remaining: 0 }]);
  });

  it('When the company is not known, then the certificate is made all the same and says so', async () => {
    const request = await anExpunged(service);
    const statement = await verifyCertificate(String((await rowOf(service, request)).certificate), service.keys);
    expect(statement.controller.name).toContain('not known');
  });

  it('When there is no recipient, then nobody is written to', async () => {
    const request = await anExpunged(service, { sealedRecipient: undefined });
    expect((await saidAbout(service, request)).map(({ type }) => type)).toEqual([
      'EraseContactData',
      'ContactExpunged',
    ]);
    expect(await rowOf(service, request)).toMatchObject({ state: 'expunged', email_id: null });
  });

  it('When refusals and evidence of one request come in one batch, then the order decides and nothing completes early', async () => {
    const [held, erasedLater] = [await aSaved(), await aSaved()];
    const [contact, workflow, notification] = allEvidence(held) as [Mixed, Mixed, Mixed];
    await service.deliverMixed(contact, workflow, refusalOf('notification-service', held));
    expect(await rowOf(service, held)).toMatchObject({ state: 'erasing', refused: true, certificate: null });
    await service.deliverMixed(refusalOf('contact-service', erasedLater), ...allEvidence(erasedLater));
    expect(await rowOf(service, erasedLater)).toMatchObject({ state: 'expunged', refused: false });
    await service.deliverMixed(notification, refusalOf('notification-service', held));
    expect(await rowOf(service, held)).toMatchObject({ state: 'expunged', refused: false });
  });

  it('When a message speaks for another participant, then it is parked and counts for nothing', async () => {
    const request = await aSaved();
    const forged = { ...evidenceOf('workflow-service', request), source: 'contact-service' };
    const foreign = { ...refusalOf('contact-service', request), source: 'workflow-service' };
    expect(await service.deliverMixed(forged, foreign)).toMatchObject({ handled: 0, parked: 2 });
    expect((await rowOf(service, request)).participants).toEqual(BUILT_IN.map((name) => ({ name })));
  });

  it('When an answer is about an unknown request, then it is parked and the others of the batch count', async () => {
    const request = await aSaved();
    const result = await service.deliverMixed(evidenceOf('workflow-service', aRequest()), ...allEvidence(request));
    expect(result).toMatchObject({ handled: 3, parked: 1 });
    expect((await rowOf(service, request)).state).toBe('expunged');
  });

  it('When an answer names another tenant or contact than the request, then it counts for nothing', async () => {
    const request = await aSaved();
    const wrong = [{ tenantId: randomUUID() }, { contactId: randomUUID() }];
    for (const given of wrong) await service.deliverMixed(evidenceOf('workflow-service', { ...request, ...given }));
    expect((await rowOf(service, request)).participants).toEqual(BUILT_IN.map((name) => ({ name })));
  });

  it('When a participant is gone from the configuration, then open requests still wait for it', async () => {
    const request = await aSaved();
    const names = JSON.stringify([...BUILT_IN, 'was-configured-once'].map((name) => ({ name })));
    await service.db.query('UPDATE expunge_request SET participants = $1 WHERE expunge_id = $2', [
      names,
      request.expungeId,
    ]);
    await service.deliverMixed(...allEvidence(request));
    expect((await rowOf(service, request)).state).toBe('erasing');
    await service.deliverMixed(evidenceOf('was-configured-once', request));
    expect((await rowOf(service, request)).state).toBe('expunged');
  });

  it('When two processes take answers of one request at the same time, then none is lost', async () => {
    const request = await aSaved();
    const [contact, ...others] = allEvidence(request) as [Mixed, Mixed, Mixed];
    const received = {
      id: randomUUID(),
      source: 'contact-service',
      time: new Date(),
      data: contact.data as ContactDataErased,
    };
    const waits = async (): Promise<true | undefined> => {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await service.db.query(sql)).length > 0 || undefined;
    };
    let second: Promise<unknown> | undefined;
    await service.db.transaction(async (first) => {
      await service.app.get(RecordEvidence).handle([received], first);
      second = service.deliverMixed(...others);
      await waitUntil(waits, { what: 'the second process waits for the first', timeoutMs: 20_000 });
    });
    await second;
    expect((await rowOf(service, request)).state).toBe('expunged');
  });

  it('When evidence comes again after completion, then nothing is said twice', async () => {
    const request = await anExpunged(service);
    const before = await rowOf(service, request);
    await service.deliverMixed(...allEvidence(request));
    expect(await rowOf(service, request)).toEqual(before);
    expect(await saidAbout(service, request)).toHaveLength(3);
  });

  it('When hundreds of requests are answered in one batch, then the number of statements is that of one', async () => {
    const tenantId = randomUUID();
    const single = await aSaved({ tenantId });
    const one = await countStatements(service.quiet, () => service.deliverMixed(...allEvidence(single)));
    const requests = many(300, () => aRequest({ tenantId }));
    await service.deliver(ExpungeRequested, requests);
    const evidence = requests.flatMap(allEvidence);
    const hundreds = await countStatements(service.quiet, () => service.deliverMixed(...evidence));
    expect(hundreds).toBe(one);
    const open = await service.db.query(
      `SELECT count(*)::int AS n FROM expunge_request WHERE expunge_id = ANY($1) AND state <> 'expunged'`,
      [requests.map(({ expungeId }) => expungeId)],
    );
    expect(open).toEqual([{ n: 0 }]);
  });
});
