import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import {
  ContactErasureRefused,
  EmailAccepted,
  EmailRejected,
  ExpungeRequested,
  ExpungeWaiting,
  TenantChanged,
} from '#contracts';
import {
  anExpunged,
  aRequest,
  aWaiting,
  evidenceOf,
  idsOf,
  type Mixed,
  type PrivacyTestService,
  rowOf,
  startPrivacyService,
} from '../../test/privacy-test-service.js';
import { subscriptions } from '../subscriptions.js';

type Request = ReturnType<typeof aRequest>;

describe('Tenants', () => {
  let service: PrivacyTestService;
  let owner: DataSource;
  beforeAll(async () => {
    service = await startPrivacyService();
    owner = await new DataSource({ type: 'postgres', url: service.ownerUrl, installExtensions: false }).initialize();
  });
  afterAll(async () => {
    await owner.destroy();
    await service.stop();
  });

  const at = new Date().toISOString();
  const opened = async (): Promise<Request> => {
    const request = aRequest();
    await service.deliver(ExpungeRequested, request);
    return request;
  };
  const kept = async (): Promise<Request> => {
    const request = aRequest();
    await service.deliver(ExpungeWaiting, aWaiting(request));
    return request;
  };
  const expunged = () => anExpunged(service);
  const from = (source: string, type: Mixed['type'], data: object): Mixed => {
    return { type, source, data: data as Mixed['data'] };
  };
  const outcomeOf = async (type: Mixed['type'], request: Request, more = {}): Promise<Mixed> => {
    const { email_id: emailId } = await rowOf(service, request);
    return from('notification-service', type, {
      ...idsOf(request),
      emailId,
      purpose: 'expunge-confirmation',
      at,
      ...more,
    });
  };
  const refusalOf = (request: Request): Mixed => {
    const participant = 'workflow-service';
    return from(participant, ContactErasureRefused, { ...idsOf(request), participant, reason: 'locked', at });
  };

  /** Each message, with a request in a state that it would change. */
  const about: [string, () => Promise<Request>, (request: Request) => Mixed | Promise<Mixed>][] = [
    ['ExpungeRequested', opened, (one) => from('contact-service', ExpungeRequested, one)],
    ['ExpungeRequested', kept, (one) => from('contact-service', ExpungeRequested, one)],
    ['ExpungeWaiting', kept, (one) => from('contact-service', ExpungeWaiting, aWaiting(one, { at }))],
    ['ContactDataErased', opened, (one) => evidenceOf('contact-service', one)],
    ['ContactErasureRefused', opened, refusalOf],
    ['EmailAccepted', expunged, (one) => outcomeOf(EmailAccepted, one)],
    ['EmailRejected', expunged, (one) => outcomeOf(EmailRejected, one, { permanent: true, code: 'smtp-550' })],
  ];

  it.each(about)(
    'When %s names another tenant than its request, then it is parked, changes nothing and holds up nobody',
    async (_, prepare, messageAbout) => {
      const request = await prepare();
      const before = await rowOf(service, request);
      const { data, ...mixed } = await messageAbout(request);
      const foreign = { ...mixed, data: { ...data, tenantId: randomUUID() } };
      const other = from('contact-service', ExpungeRequested, aRequest());
      expect(await service.deliverMixed(foreign, other)).toMatchObject({ handled: 1, parked: 1 });
      expect(await rowOf(service, request)).toEqual(before);
    },
  );

  it('When a subscription is added, then it is tried here too', () => {
    const tried = new Set([...about.map(([type]) => type), TenantChanged.type]);
    expect(subscriptions.map(({ message }) => message.type).filter((type) => !tried.has(type))).toEqual([]);
  });

  it('When a statement is bound to no tenant, then the database shows it nothing and takes nothing from it', async () => {
    const { tenantId } = await anExpunged(service);
    const tenant = { tenantId, revision: 1, name: 'Example plc', languages: ['en'], privacyContact: 'dpo' };
    await service.deliver(TenantChanged, tenant);
    const tables: { name: string; isolated: boolean }[] = await service.db.query(
      `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS isolated
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE a.attname = 'tenant_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['audit_log', 'expunge_request', 'tenant']));
    expect(tables.filter(({ isolated }) => !isolated)).toEqual([]);
    for (const name of ['expunge_request', 'tenant']) {
      expect(await service.appDb.query(`SELECT 1 FROM ${name} LIMIT 1`)).toEqual([]);
      expect(await service.db.query(`SELECT 1 FROM ${name} LIMIT 1`)).toHaveLength(1);
    }
    const insert = `INSERT INTO tenant (tenant_id, revision, name, privacy_contact) VALUES ($1, 1, 'a', 'b')`;
    await expect(service.appDb.query(insert, [randomUUID()])).rejects.toMatchObject({ code: '42501' });
  });

  it('When the database does not keep tenants apart, then the code still shows and changes nothing of another one', async () => {
    const [{ expungeId }, open] = [await anExpunged(service), await opened()];
    const token = await service.token({ subject: 'olga', tenantId: randomUUID(), roles: ['privacy-officer'] });
    const get = (path: string) =>
      fetch(`${service.url}/v1/expunge-requests${path}`, { headers: { authorization: `Bearer ${token}` } });
    await owner.query('ALTER TABLE expunge_request DISABLE ROW LEVEL SECURITY');
    const paths = [`/${expungeId}`, `/${expungeId}/certificate`, `?cursor=${expungeId}`];
    const answers = await Promise.all(paths.map(get));
    const list = await (await get('')).json();
    await service.deliverMixed(evidenceOf('contact-service', { ...open, tenantId: randomUUID() }));
    await owner.query('ALTER TABLE expunge_request ENABLE ROW LEVEL SECURITY');
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 422]);
    expect(list).toEqual({ items: [] });
    expect((await rowOf(service, open)).participants).not.toContainEqual(
      expect.objectContaining({ outcome: 'erased' }),
    );
  });
});
