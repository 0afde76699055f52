import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExpungeRequested } from '#contracts';
import { countStatements } from '../../../../test/support/statements.js';
import { many } from '../../../../test/support/make.js';
import {
  aRequest,
  BUILT_IN,
  idsOf,
  type PrivacyTestService,
  rowOf,
  saidAbout,
  startPrivacyService,
} from '../../test/privacy-test-service.js';

describe('Opening a request', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService({ EXTRA_PARTICIPANTS: 'search-service, data_lake' });
  });
  afterAll(() => service.stop());

  const names = [...BUILT_IN, 'search-service', 'data_lake'];

  it('When it is requested, then everybody is asked and the list of participants is copied into the request', async () => {
    const request = aRequest();
    await service.deliver(ExpungeRequested, request);
    const said = await saidAbout(service, request);
    expect(said).toEqual([
      { type: 'EraseContactData', key: request.contactId, data: { ...idsOf(request), participants: names } },
    ]);
    expect(await rowOf(service, request)).toMatchObject({
      state: 'erasing',
      participants: names.map((name) => ({ name })),
      sealed_recipient: request.sealedRecipient,
      refused: false,
      overdue: false,
    });
  });

  it('When the same request comes again, also twice in one batch, then nothing is opened or asked a second time', async () => {
    const request = aRequest();
    await service.deliver(ExpungeRequested, [request, request]);
    await service.deliver(ExpungeRequested, { ...request, requestedBy: 'recruiter' });
    expect(await saidAbout(service, request)).toHaveLength(1);
    expect((await rowOf(service, request)).requested_by).toBe('candidate');
  });

  it('When the contact has another request already, then a new expunge id opens a request of its own', async () => {
    const first = aRequest();
    const second = aRequest({ ...idsOf(first), expungeId: randomUUID() });
    await service.deliver(ExpungeRequested, [first, second]);
    expect((await saidAbout(service, first)).map(({ data }) => data.expungeId)).toEqual([
      first.expungeId,
      second.expungeId,
    ]);
  });

  it('When another request comes with a status address that is taken, then it is parked and not swallowed', async () => {
    const first = aRequest();
    const second = aRequest({ statusTokenHash: first.statusTokenHash });
    const result = await service.deliver(ExpungeRequested, [first, second]);
    expect(result).toMatchObject({ handled: 1, parked: 1 });
  });

  it('When hundreds come in one batch, then the number of statements is that of one', async () => {
    const tenantId = randomUUID();
    const one = await countStatements(service.quiet, () => service.deliver(ExpungeRequested, aRequest({ tenantId })));
    const requests = many(400, () => aRequest({ tenantId }));
    const hundreds = await countStatements(service.quiet, () => service.deliver(ExpungeRequested, requests));
    expect(hundreds).toBe(one);
    expect((await rowOf(service, requests[399]!)).state).toBe('erasing');
  });
});
