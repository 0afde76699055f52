import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContactErasureRefused, ExpungeRequested } from '#contracts';
import { waitUntil } from '#local';
import { Outbox } from '#messaging';
import { Pumps } from '#service';
import { countStatements } from '../../../../test/support/statements.js';
import { many } from '../../../../test/support/make.js';
import {
  anExpunged,
  aRequest,
  evidenceOf,
  idsOf,
  type PrivacyTestService,
  rowOf,
  saidAbout,
  startPrivacyService,
} from '../../test/privacy-test-service.js';
import { PrivacyConfig } from '../config.js';
import { AskAgain } from './ask-again.js';

describe('Asking again', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService({
      ASK_AGAIN_FIRST_SECONDS: '60',
      ASK_AGAIN_MAX_SECONDS: '150',
      OVERDUE_AFTER_SECONDS: '86400',
    });
  });
  afterAll(() => service.stop());

  type Requests = readonly ReturnType<typeof aRequest>[];
  const aSaved = async (count: number): Promise<Requests> => {
    const requests = many(count, () => aRequest());
    await service.deliver(ExpungeRequested, requests);
    return requests;
  };
  /** As if that much time had passed. */
  const pass = (requests: Requests, seconds: number) =>
    service.db.query(
      `UPDATE expunge_request SET ask_again_at = ask_again_at - $2 * interval '1 second',
         received_at = received_at - $2 * interval '1 second' WHERE expunge_id = ANY($1)`,
      [requests.map(({ expungeId }) => expungeId), seconds],
    );
  const asked = async (request: Requests[number]) =>
    (await saidAbout(service, request)).map(({ data }) => data.participants);
  const pauseOf = async ({ expungeId }: Requests[number]): Promise<number> => {
    const [row] = await service.db.query(
      'SELECT round(extract(epoch FROM ask_again_at - now()))::int AS pause FROM expunge_request WHERE expunge_id = $1',
      [expungeId],
    );
    return row.pause;
  };
  const ask = () => {
    const { app, quiet } = service;
    return new AskAgain(quiet, app.get(Outbox), app.get(Pumps), app.get(PrivacyConfig)).execute();
  };

  it('When the time has come, then only the silent and the refusing are asked, later each time', async () => {
    const [request] = (await aSaved(1)) as [Requests[number]];
    const refused = {
      ...idsOf(request),
      participant: 'workflow-service',
      reason: 'locked',
      at: new Date().toISOString(),
    };
    await service.deliverMixed(evidenceOf('contact-service', request));
    await service.deliverMixed({ type: ContactErasureRefused, source: 'workflow-service', data: refused });
    for (const pause of [120, 150, 150]) {
      await pass([request], 150);
      await ask();
      expect(Math.abs((await pauseOf(request)) - pause)).toBeLessThanOrEqual(5);
    }
    expect((await asked(request)).slice(1)).toEqual(many(3, () => ['workflow-service', 'notification-service']));
    expect((await rowOf(service, request)).asked_times).toBe(4);
  });

  it('When the time has not come, or the request is complete, then nobody is asked', async () => {
    const [waiting] = (await aSaved(1)) as [Requests[number]];
    const done = await anExpunged(service);
    await ask();
    expect(await asked(waiting)).toHaveLength(1);
    const said = (await saidAbout(service, done)).map(({ type }) => type);
    expect(said).toEqual(['EraseContactData', 'ContactExpunged', 'SendEmail']);
    expect((await rowOf(service, done)).ask_again_at).toBeNull();
  });

  it('When it takes longer than allowed, then it is shown as overdue and nothing else happens', async () => {
    const [late] = (await aSaved(1)) as [Requests[number]];
    await pass([late], 1000);
    await ask();
    expect(await rowOf(service, late)).toMatchObject({ overdue: false, state: 'erasing' });
    await pass([late], 90_000);
    await ask();
    expect(await rowOf(service, late)).toMatchObject({ overdue: true, state: 'erasing' });
  });

  it('When the service runs, then it asks by itself', async () => {
    const [request] = (await aSaved(1)) as [Requests[number]];
    await pass([request], 150);
    const pumps = service.app.get(Pumps);
    pumps.start();
    const asks = async () => (await asked(request)).length > 1 || undefined;
    await waitUntil(asks, { what: 'the participants are asked again', timeoutMs: 30_000 });
    await pumps.stop();
  });

  it('When another process has claimed a request, then it is neither waited for nor asked a second time', async () => {
    const [claimed, free] = (await aSaved(2)) as [Requests[number], Requests[number]];
    await pass([claimed, free], 150);
    await service.db.transaction(async (other) => {
      await other.query('SELECT 1 FROM expunge_request WHERE expunge_id = $1 FOR UPDATE', [claimed.expungeId]);
      await ask();
    });
    expect([(await asked(claimed)).length, (await asked(free)).length]).toEqual([1, 2]);
    await ask();
    expect(await asked(claimed)).toHaveLength(2);
  });

  it('When hundreds are due, then the number of statements is that of one', async () => {
    const single = await aSaved(1);
    await pass(single, 150);
    const one = await countStatements(service.quiet, ask);
    const requests = await aSaved(300);
    await pass(requests, 150);
    expect(await countStatements(service.quiet, ask)).toBe(one);
    expect(await asked(requests[299]!)).toHaveLength(2);
  });
});
