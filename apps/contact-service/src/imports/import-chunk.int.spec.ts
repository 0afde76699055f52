import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTenant } from '#messaging';
import { countStatements } from '../../../../test/support/statements.js';
import { expunge } from '../../test/expunged.js';
import { aContact, aPerson, aTenant, type ContactService, startContactService } from '../../test/start.js';
import { mappingOf } from './csv/columns.js';
import { ImportChunk } from './import-chunk.js';
import type { ChunkCounts } from './import-position.js';
import { personOf } from './import-row.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const DEFAULTS = { sourceDetail: 'Fair', lawfulBasis: 'consent' } as const;

/** Imports these addresses as one chunk. */
async function importChunk(tenantId: string, addresses: readonly string[]) {
  const id = randomUUID();
  await service.db.query(`INSERT INTO import (id, tenant_id, state, created_by) VALUES ($1, $2, 'running', 'r')`, [
    id,
    tenantId,
  ]);
  const rows = addresses.map((address) => {
    const record = [address, 'Zoe'];
    return { record, found: personOf(record, mappingOf(['email', 'name']), DEFAULTS) };
  });
  const position = { id, tenantId, rowsTotal: rows.length, rowsRead: 0, rowsImported: 0, rejected: {} };
  let counts: ChunkCounts | undefined;
  const statements = await countStatements(service.appDb, async () => {
    counts = await inTenant(service.appDb, tenantId, (tx) => service.app.get(ImportChunk).execute(tx, position, rows));
  });
  await service.db.query(`UPDATE import SET state = 'done', ended_at = now() WHERE id = $1`, [id]);
  return { statements, counts };
}

test('When a chunk has a thousand rows of every kind, then it costs as many statements as one with few', async () => {
  const tenant = await aTenant(service);
  const [taken, removed, silent] = [aPerson().email, aPerson().email, aPerson().email];
  await aContact(service, tenant, { email: taken });
  await expunge(service, tenant, await aContact(service, tenant, { email: removed }));
  const silence = await expunge(service, tenant, await aContact(service, tenant, { email: silent }));
  await service.db.query(`UPDATE suppression SET kind = 'no-answer' WHERE expunge_id = $1`, [silence]);
  const chunk = (count: number, tag: string): string[] => {
    const free = Array.from({ length: count - 6 }, (_, n) => `${tag}.${n}@example.org`);
    return [...free, taken, removed, silent, free[0]!, 'no address', ''];
  };
  const few = await importChunk(tenant.tenantId, chunk(7, 'few'));
  const ofLedger = { suppressed: 1, 'not-to-be-asked': 1 };
  const rejected = { ...ofLedger, 'address-taken': 1, 'duplicate-in-file': 1, 'bad-address': 1, 'no-address': 1 };
  expect(few.counts).toEqual({ imported: 1, rejected });
  const many = await importChunk(tenant.tenantId, chunk(1_000, 'many'));
  expect(many.counts).toEqual({ imported: 994, rejected });
  expect(many.statements).toBe(few.statements);
});
