import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TenantChanged } from '#contracts';
import type { TestService } from '../../../../test/support/test-service.js';
import { aTenant, startNotification } from '../../test/make.js';

let service: TestService;

beforeAll(async () => {
  service = await startNotification('smtp://127.0.0.1:1');
});

afterAll(() => service.stop());

describe('facts about a client company', () => {
  it('When they come out of order, also in one batch, then the newest stay', async () => {
    const tenantId = randomUUID();
    const facts = (revision: number) =>
      aTenant({ tenantId, revision, name: `Revision ${revision}`, mailDomain: `r${revision}.example` });
    await service.deliver(TenantChanged, [facts(3), facts(2)]);
    await service.deliver(TenantChanged, facts(1));
    await service.deliver(TenantChanged, facts(3));

    const rows = await service.db.query('SELECT name, languages, mail_domain FROM tenant WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(rows).toEqual([{ name: 'Revision 3', languages: ['en'], mail_domain: 'r3.example' }]);
  });

  it('When a mail domain is taken away, then it is forgotten', async () => {
    const facts = aTenant({ mailDomain: 'mail.firma.example' });
    await service.deliver(TenantChanged, facts);
    await service.deliver(TenantChanged, { ...facts, revision: 2, mailDomain: undefined });
    const rows = await service.db.query('SELECT mail_domain FROM tenant WHERE tenant_id = $1', [facts.tenantId]);
    expect(rows).toEqual([{ mail_domain: null }]);
  });
});
