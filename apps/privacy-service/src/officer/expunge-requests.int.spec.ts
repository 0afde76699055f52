import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContactErasureRefused, EmailRejected, ExpungeRequested, ExpungeWaiting } from '#contracts';
import { many } from '../../../../test/support/make.js';
import {
  anExpunged,
  aRequest,
  aWaiting,
  evidenceOf,
  idsOf,
  type PrivacyTestService,
  rowOf,
  startPrivacyService,
} from '../../test/privacy-test-service.js';

describe('What the privacy officer sees', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService();
  });
  afterAll(() => service.stop());

  const get = async (tenantId: string | undefined, path: string, role = 'privacy-officer') => {
    const token = await service.token({ subject: 'olga', tenantId, roles: [role] });
    const response = await fetch(`${service.url}/v1/expunge-requests${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body };
  };
  const idsListed = async (tenantId: string, query: string): Promise<string[]> =>
    (await get(tenantId, query)).body.items.map((item: { expungeId: string }) => item.expungeId);

  it('When a request is under way, then each participant is shown with its evidence or refusal', async () => {
    const request = aRequest();
    await service.deliver(ExpungeRequested, request);
    const refusal = {
      ...idsOf(request),
      participant: 'workflow-service',
      reason: 'locked',
      at: new Date().toISOString(),
    };
    await service.deliverMixed(evidenceOf('contact-service', request));
    await service.deliver(ContactErasureRefused, refusal, { source: 'workflow-service' });
    const { status, body } = await get(request.tenantId, `/${request.expungeId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'erasing',
      refused: true,
      confirmation: 'not-yet',
      askedTimes: 1,
      certificateId: null,
    });
    expect(body.participants).toMatchObject([
      { name: 'contact-service', outcome: 'erased', stores: [{ store: 'rows', erased: 2, remaining: 0 }] },
      { name: 'workflow-service', refusal: { reason: 'locked' } },
      { name: 'notification-service' },
    ]);
    expect(JSON.stringify(body)).not.toContain(request.sealedRecipient);
  });

  it('When filters are given, then only matching requests of the tenant are listed', async () => {
    const tenantId = randomUUID();
    const done = await anExpunged(service, { tenantId });
    const silent = await anExpunged(service, { tenantId, sealedRecipient: undefined });
    const failed = await anExpunged(service, { tenantId });
    const open = aRequest({ tenantId });
    await service.deliver(ExpungeRequested, open);
    const emailId = String((await rowOf(service, failed)).email_id);
    const rejected = {
      ...idsOf(failed),
      emailId,
      purpose: 'expunge-confirmation',
      at: new Date().toISOString(),
    } as const;
    await service.deliver(
      EmailRejected,
      { ...rejected, permanent: true, code: 'smtp-550' },
      { source: 'notification-service' },
    );
    expect(await idsListed(tenantId, '?state=erasing')).toEqual([open.expungeId]);
    expect(await idsListed(tenantId, '?confirmationFailed=true')).toEqual([failed.expungeId]);
    expect(await idsListed(tenantId, '?state=expunged&confirmationFailed=false')).toEqual([
      silent.expungeId,
      done.expungeId,
    ]);
    expect(await idsListed(tenantId, '?refused=true')).toEqual([]);
    expect(await idsListed(tenantId, '?overdue=false')).toHaveLength(4);
    const { body } = await get(tenantId, `/${silent.expungeId}`);
    expect(body.confirmation).toBe('nothing-to-send');
  });

  it('When removals wait, then it is listed what for, since when and until when, and each skipped run is shown', async () => {
    const tenantId = randomUUID();
    const [held, begun] = [aRequest({ tenantId }), aRequest({ tenantId })];
    const stopped = aRequest({ tenantId });
    const until = '2026-03-01T00:00:00.000Z';
    await service.deliver(ExpungeWaiting, aWaiting(held, { until }));
    await service.deliver(ExpungeWaiting, aWaiting(stopped, { waitingFor: ['hold', 'kill-switch'] }));
    await service.deliver(ExpungeWaiting, aWaiting(begun));
    await service.deliver(ExpungeRequested, begun);
    expect(await idsListed(tenantId, '?state=waiting')).toEqual([stopped.expungeId, held.expungeId]);
    expect(await idsListed(tenantId, '?waitingFor=hold')).toEqual([stopped.expungeId, held.expungeId]);
    expect(await idsListed(tenantId, '?waitingFor=kill-switch')).toEqual([stopped.expungeId]);
    const run = { at: held.requestedAt, waitingFor: ['hold'] };
    expect((await get(tenantId, `/${held.expungeId}`)).body).toMatchObject({
      state: 'waiting',
      confirmation: 'not-yet',
      waitingFor: ['hold'],
      waitingSince: held.requestedAt,
      waitingUntil: until,
      participants: [],
      skippedRuns: [run],
      skippedTimes: 1,
    });
    const waitsNoMore = { waitingFor: null, waitingSince: null, waitingUntil: null };
    expect((await get(tenantId, `/${begun.expungeId}`)).body).toMatchObject({
      state: 'erasing',
      ...waitsNoMore,
      skippedRuns: [run],
    });
    expect((await get(tenantId, '')).body.items[0]).not.toHaveProperty('skippedRuns');
  });

  it('When somebody pages while requests arrive, also with the same time, then each is seen once, newest first', async () => {
    const tenantId = randomUUID();
    const requests = many(7, () => aRequest({ tenantId }));
    await service.deliver(ExpungeRequested, requests);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await get(tenantId, `?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map((item: { expungeId: string }) => item.expungeId));
      cursor = body.next ?? '';
      await service.deliver(ExpungeRequested, aRequest({ tenantId }));
    } while (cursor);
    expect(seen).toEqual(
      requests
        .map(({ expungeId }) => expungeId)
        .sort()
        .reverse(),
    );
  });

  it('When the officer of another tenant asks, then nothing is found and nothing listed', async () => {
    const request = await anExpunged(service);
    const stranger = randomUUID();
    expect((await get(stranger, `/${request.expungeId}`)).status).toBe(404);
    expect((await get(stranger, `/${request.expungeId}/certificate`)).status).toBe(404);
    expect((await get(stranger, '')).body).toEqual({ items: [] });
    expect((await get(stranger, `?cursor=${request.expungeId}`)).status).toBe(422);
  });

  it('When the certificate is fetched, then it is the signed one as a file; before it is signed there is none', async () => {
    const request = await anExpunged(service);
    const { status, headers, body } = await get(request.tenantId, `/${request.expungeId}/certificate`);
    expect([status, headers.get('content-type'), body]).toEqual([
      200,
      'application/jose',
      (await rowOf(service, request)).certificate,
    ]);
    expect(headers.get('content-disposition')).toBe('attachment; filename="certificate.jws"');
    const open = aRequest();
    await service.deliver(ExpungeRequested, open);
    expect((await get(open.tenantId, `/${open.expungeId}/certificate`)).status).toBe(404);
    const written = await service.db.query(
      `SELECT actor, target FROM audit_log WHERE action = 'certificate.fetched' AND tenant_id = ANY($1)`,
      [[request.tenantId, open.tenantId]],
    );
    expect(written).toEqual([{ actor: 'olga', target: request.expungeId }]);
  });

  it.each([
    '?limit=0',
    '?limit=201',
    '?limit=ten',
    '?state=gone',
    '?waitingFor=godot',
    '?refused=maybe',
    '?cursor=1',
    '?tenantId=x',
    '?limit=1&limit=2',
  ])('When the list is asked for with %s, then the answer is 400', async (query) => {
    expect((await get(randomUUID(), query)).status).toBe(400);
  });

  it('When the caller has no token, another role or no tenant, then nothing is shown', async () => {
    expect((await fetch(`${service.url}/v1/expunge-requests`)).status).toBe(401);
    for (const role of ['recruiter', 'candidate', 'client-admin'])
      expect((await get(randomUUID(), '', role)).status).toBe(403);
    expect((await get(undefined, '')).status).toBe(401);
    expect((await get(randomUUID(), '/not-an-id')).status).toBe(404);
  });
});
