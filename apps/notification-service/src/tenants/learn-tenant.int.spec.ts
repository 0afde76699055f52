import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TenantChanged } from '#contracts';
import type { TestService } from '../../../../test/support/test-service.js';
import { startNotification } from '../../test/make.js';

let service: TestService;

beforeAll(async () => {
  service = await startNotification('smtp://127.0.0.1:1');
});

afterAll(() => service.stop());

describe('facts about a client company', () => {
  it('When they come out of order, also in one batch, then the newest stay', async () => {
    const tenantId = randomUUID();
    const facts = (revision: number) => ({
      tenantId,
      revision,
      name: `Revision ${revision}`,
      languages: ['en', 'de'],
      privacyContact: 'privacy@example.com',
    });
    await service.deliver(TenantChanged, [facts(3), facts(2)]);
    await service.deliver(TenantChanged, facts(1));
    await service.deliver(TenantChanged, facts(3));

    const rows = await service.db.query('SELECT name, languages FROM tenant WHERE tenant_id = $1', [tenantId]);
    expect(rows).toEqual([{ name: 'Revision 3', languages: ['en', 'de'] }]);
  });
});
