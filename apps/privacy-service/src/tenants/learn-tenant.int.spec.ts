import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TenantChanged } from '#contracts';
import { type PrivacyTestService, startPrivacyService } from '../../test/privacy-test-service.js';
import { controllersOf } from './controllers.js';

describe('Learning about tenants', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService();
  });
  afterAll(() => service.stop());

  const revision = (tenantId: string, n: number) => ({
    tenantId,
    revision: n,
    name: `Name ${n}`,
    languages: ['en'],
    privacyContact: `contact ${n}`,
  });
  const known = async (tenantId: string) => (await controllersOf(service.db.manager, [tenantId]))(tenantId);

  it('When revisions come in any order, in one batch or several, then the newest one wins', async () => {
    const tenantId = randomUUID();
    await service.deliver(TenantChanged, [revision(tenantId, 2), revision(tenantId, 5), revision(tenantId, 3)]);
    await service.deliver(TenantChanged, revision(tenantId, 4));
    expect(await known(tenantId)).toEqual({ tenantId, name: 'Name 5', privacyContact: 'contact 5' });
    await service.deliver(TenantChanged, revision(tenantId, 6));
    expect((await known(tenantId)).name).toBe('Name 6');
  });
});
