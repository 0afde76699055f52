import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExpungeRequested, ExpungeWaiting } from '#contracts';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import {
  allEvidence,
  aRequest,
  aWaiting,
  BUILT_IN,
  evidenceOf,
  type Mixed,
  type PrivacyTestService,
  rowOf,
  saidAbout,
  startPrivacyService,
} from '../../test/privacy-test-service.js';
import { PrivacyConfig } from '../config.js';
import { RaiseOverdue } from './raise-overdue.js';

type Request = ReturnType<typeof aRequest>;

describe('Requests that wait', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService({ OVERDUE_AFTER_SECONDS: '86400' });
  });
  afterAll(() => service.stop());

  const aKept = async (given: Parameters<typeof aWaiting>[1] = {}): Promise<Request> => {
    const request = aRequest();
    await service.deliver(ExpungeWaiting, aWaiting(request, given));
    return request;
  };
  const waits = (request: Request): Mixed => {
    return { type: ExpungeWaiting, source: 'contact-service', data: aWaiting(request) };
  };
  const begins = (request: Request): Mixed => ({ type: ExpungeRequested, source: 'contact-service', data: request });

  it('When a removal has to wait, then it is stored with its run and nobody is asked', async () => {
    const request = await aKept({ at: '2026-01-02T04:00:00+01:00', until: '2026-02-01T00:00:00Z' });
    const at = '2026-01-02T03:00:00.000Z';
    expect(await rowOf(service, request)).toMatchObject({
      state: 'waiting',
      participants: [],
      ask_again_at: null,
      sealed_recipient: null,
      waiting: {
        waitingFor: ['hold'],
        since: at,
        until: '2026-02-01T00:00:00.000Z',
        skippedRuns: [{ at, waitingFor: ['hold'] }],
        skippedTimes: 1,
      },
    });
    expect(await saidAbout(service, request)).toEqual([]);
  });

  it('When it is skipped again, in the same batch or later, and told twice, then each run is kept once', async () => {
    const request = aRequest();
    const second = aWaiting(request, { at: '2026-01-03T00:00:00Z', waitingFor: ['kill-switch'] });
    await service.deliver(ExpungeWaiting, [aWaiting(request), second]);
    await service.deliver(ExpungeWaiting, second);
    await service.deliver(ExpungeWaiting, aWaiting(request, { at: '2026-01-04T00:00:00Z' }));
    expect((await rowOf(service, request)).waiting).toMatchObject({
      since: request.requestedAt,
      waitingFor: ['hold'],
      skippedTimes: 3,
      skippedRuns: [{ waitingFor: ['hold'] }, { waitingFor: ['kill-switch'] }, { waitingFor: ['hold'] }],
    });
  });

  it('When it may begin, then everybody is asked, and its original time and its runs stay', async () => {
    const request = await aKept();
    await service.deliver(ExpungeRequested, { ...request, requestedAt: '2026-05-01T00:00:00Z' });
    expect((await saidAbout(service, request)).map(({ type, data }) => [type, data.participants])).toEqual([
      ['EraseContactData', BUILT_IN],
    ]);
    expect(await rowOf(service, request)).toMatchObject({
      state: 'erasing',
      requested_at: new Date(request.requestedAt),
      sealed_recipient: request.sealedRecipient,
      subject_commitment: request.subjectCommitment,
      ask_again_at: expect.any(Date),
      asked_times: 1,
      waiting: { skippedTimes: 1 },
    });
    await service.deliverMixed(...allEvidence(request));
    expect((await rowOf(service, request)).state).toBe('expunged');
    expect((await saidAbout(service, request))[1]?.data).toMatchObject({ requestedAt: request.requestedAt });
  });

  it('When waiting and beginning come in one batch, then the order decides and waiting after it is ignored', async () => {
    const [first, late] = [aRequest(), aRequest()];
    await service.deliverMixed(waits(first), begins(first), begins(first), begins(late), waits(late));
    for (const request of [first, late]) {
      expect((await rowOf(service, request)).state).toBe('erasing');
      expect(await saidAbout(service, request)).toHaveLength(1);
    }
    expect((await rowOf(service, late)).waiting).toBeNull();
    await service.deliverMixed(...allEvidence(late), waits(late));
    expect((await rowOf(service, late)).state).toBe('expunged');
  });

  it('When evidence comes for one that waits, or its id with another contact, then nothing begins', async () => {
    const request = await aKept();
    expect(await service.deliverMixed(evidenceOf('contact-service', request))).toMatchObject({ parked: 0 });
    await service.deliver(ExpungeRequested, { ...request, contactId: randomUUID() });
    expect(await rowOf(service, request)).toMatchObject({ state: 'waiting', participants: [] });
    expect(await saidAbout(service, request)).toEqual([]);
  });

  it('When a run has a time nobody can read, then it is parked and the others of the batch are kept', async () => {
    const request = aRequest();
    const result = await service.deliver(ExpungeWaiting, [aWaiting(aRequest(), { at: '2026-W01' }), aWaiting(request)]);
    expect(result).toMatchObject({ handled: 1, parked: 1 });
    expect((await rowOf(service, request)).state).toBe('waiting');
  });

  it('When hundreds wait, and begin, in one batch, then the number of statements is that of one', async () => {
    const tenantId = randomUUID();
    const requests = many(300, () => aRequest({ tenantId }));
    const [first, later] = ['2026-01-02T00:00:00Z', '2026-02-01T00:00:00Z'].map((at) =>
      requests.map((request) => aWaiting(request, { at })),
    ) as [ReturnType<typeof aWaiting>[], ReturnType<typeof aWaiting>[]];
    const count = (work: () => Promise<unknown>) => countStatements(service.quiet, work);
    for (const runs of [first, later]) {
      const one = await count(() => service.deliver(ExpungeWaiting, runs.slice(0, 1)));
      expect(await count(() => service.deliver(ExpungeWaiting, runs.slice(1)))).toBe(one);
    }
    const one = await count(() => service.deliver(ExpungeRequested, requests.slice(0, 1)));
    expect(await count(() => service.deliver(ExpungeRequested, requests.slice(1)))).toBe(one);
    expect(await rowOf(service, requests[299]!)).toMatchObject({ state: 'erasing', waiting: { skippedTimes: 2 } });
  });

  describe('for too long', () => {
    const pass = (request: Request, seconds: number) =>
      service.db.query(
        `UPDATE expunge_request SET received_at = received_at - $2 * interval '1 second' WHERE expunge_id = $1`,
        [request.expungeId, seconds],
      );
    const look = () =>
      new RaiseOverdue(service.quiet, service.app.get(Pumps), service.app.get(PrivacyConfig)).execute();

    it('When the time allowed has passed, then it is shown as overdue, goes on waiting, and is overdue when it begins', async () => {
      const [late, early] = [await aKept(), await aKept()];
      await pass(late, 86_500);
      await pass(early, 86_000);
      await look();
      expect(await rowOf(service, late)).toMatchObject({ overdue: true, state: 'waiting' });
      expect(await rowOf(service, early)).toMatchObject({ overdue: false, state: 'waiting' });
      expect(await saidAbout(service, late)).toEqual([]);
      await service.deliver(ExpungeRequested, late);
      expect(await rowOf(service, late)).toMatchObject({ overdue: true, state: 'erasing' });
    });

    it('When the service runs, then it looks by itself', async () => {
      const request = await aKept();
      await pass(request, 86_500);
      const pumps = service.app.get(Pumps);
      pumps.start();
      const raised = async () => (await rowOf(service, request)).overdue === true || undefined;
      await waitUntil(raised, { what: 'the request is shown as overdue', timeoutMs: 30_000 });
      await pumps.stop();
    });
  });
});
