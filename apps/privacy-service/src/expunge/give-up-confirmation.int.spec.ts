import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmailAccepted, EmailRejected, ExpungeRequested } from '#contracts';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import {
  anExpunged,
  aRequest,
  idsOf,
  type PrivacyTestService,
  rowOf,
  startPrivacyService,
} from '../../test/privacy-test-service.js';
import { PrivacyConfig } from '../config.js';
import { GiveUpConfirmation } from './give-up-confirmation.js';

const FROM = { source: 'notification-service' };

describe('Giving up a confirmation', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService({ CONFIRMATION_GIVE_UP_DAYS: '3' });
  });
  afterAll(() => service.stop());

  type Requests = readonly ReturnType<typeof aRequest>[];
  /** Completed requests whose mail nobody has said anything about for so long. */
  const waitingFor = async (hours: number, count = 1, given = {}): Promise<Requests> => {
    const requests = await Promise.all(many(count, () => anExpunged(service, given)));
    await pass(requests, hours);
    return requests;
  };
  const pass = (requests: Requests, hours: number) =>
    service.db.query(
      `UPDATE expunge_request SET completed_at = completed_at - $2 * interval '1 hour',
         received_at = received_at - $2 * interval '1 hour' WHERE expunge_id = ANY($1)`,
      [requests.map(({ expungeId }) => expungeId), hours],
    );
  const aboutMail = async (request: Requests[number]) => {
    const emailId = String((await rowOf(service, request)).email_id);
    return { ...idsOf(request), emailId, purpose: 'expunge-confirmation', at: new Date().toISOString() } as const;
  };
  const giveUp = () =>
    new GiveUpConfirmation(service.quiet, service.app.get(Pumps), service.app.get(PrivacyConfig)).execute();
  const GIVEN_UP = { state: 'expunged', confirmation_failed: true, sealed_recipient: null };

  it('When the outcome has not come in time, then it shows, the certificate stays and the sealed recipient is deleted', async () => {
    const [request] = (await waitingFor(73)) as [Requests[number]];
    await giveUp();
    expect(await rowOf(service, request)).toMatchObject({ ...GIVEN_UP, certificate: expect.any(String) });
  });

  it('When the time has not come, or nothing is waited for, then nothing changes', async () => {
    const [early] = (await waitingFor(71)) as [Requests[number]];
    const [silent] = (await waitingFor(73, 1, { sealedRecipient: undefined })) as [Requests[number]];
    const [confirmed] = (await waitingFor(73)) as [Requests[number]];
    const [refused] = (await waitingFor(73)) as [Requests[number]];
    const erasing = aRequest();
    await service.deliver(EmailAccepted, await aboutMail(confirmed), FROM);
    const refusal = { ...(await aboutMail(refused)), permanent: true, code: 'smtp-550' };
    await service.deliver(EmailRejected, refusal, FROM);
    await service.deliver(ExpungeRequested, erasing);
    await pass([erasing], 10_000);
    const all = [early, silent, confirmed, refused, erasing];
    const before = await Promise.all(all.map((request) => rowOf(service, request)));
    await giveUp();
    expect(await Promise.all(all.map((request) => rowOf(service, request)))).toEqual(before);
    expect(before[0]).toMatchObject({ confirmation_failed: false, sealed_recipient: early.sealedRecipient });
  });

  it('When the mail turns out to have been accepted, then the request is confirmed all the same', async () => {
    const [request] = (await waitingFor(73)) as [Requests[number]];
    await giveUp();
    await service.deliver(EmailAccepted, await aboutMail(request), FROM);
    expect(await rowOf(service, request)).toMatchObject({ state: 'confirmed', confirmation_failed: false });
  });

  it('When the service runs, then it gives up by itself', async () => {
    const [request] = (await waitingFor(73)) as [Requests[number]];
    const pumps = service.app.get(Pumps);
    pumps.start();
    const givenUp = async () => (await rowOf(service, request)).sealed_recipient === null || undefined;
    await waitUntil(givenUp, { what: 'the confirmation is given up', timeoutMs: 30_000 });
    await pumps.stop();
  });

  it('When the outcome is being recorded at this moment, then it is not waited for', async () => {
    const [claimed, free] = (await waitingFor(73, 2)) as [Requests[number], Requests[number]];
    await service.db.transaction(async (other) => {
      await other.query('SELECT 1 FROM expunge_request WHERE expunge_id = $1 FOR UPDATE', [claimed.expungeId]);
      await giveUp();
    });
    expect(await rowOf(service, claimed)).toMatchObject({ confirmation_failed: false });
    expect(await rowOf(service, free)).toMatchObject(GIVEN_UP);
    await giveUp();
    expect(await rowOf(service, claimed)).toMatchObject(GIVEN_UP);
  });

  it('When many are late, then the number of statements is that of one', async () => {
    await waitingFor(73);
    const one = await countStatements(service.quiet, giveUp);
    const requests = await waitingFor(73, 60);
    expect(await countStatements(service.quiet, giveUp)).toBe(one);
    expect(await rowOf(service, requests[59]!)).toMatchObject(GIVEN_UP);
  });
});
