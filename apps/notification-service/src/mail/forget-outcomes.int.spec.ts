import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { TestService } from '../../../../test/support/test-service.js';
import { startNotification } from '../../test/make.js';
import { ForgetOutcomes } from './forget-outcomes.js';

let service: TestService;

beforeAll(async () => {
  service = await startNotification('smtp://127.0.0.1:1');
});

afterAll(() => service.stop());

describe('the memory of sent mails', () => {
  it('When it is older than 90 days, then it ends', async () => {
    await service.db.query(
      `INSERT INTO mail_outcome (email_id, tenant_id, contact_id, purpose, outcome, at)
       SELECT gen_random_uuid(), $1, $1, 'expunge-confirmation', 'accepted', now() - days * interval '1 day'
       FROM unnest(ARRAY[1, 89, 91]) AS days`,
      [randomUUID()],
    );
    expect(await service.app.get(ForgetOutcomes).execute()).toBe('idle');
    expect(await service.db.query('SELECT count(*)::int AS left FROM mail_outcome')).toEqual([{ left: 2 }]);
  });
});
