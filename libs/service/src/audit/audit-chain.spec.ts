import { expect, test } from '@jest/globals';
import { hashLink, linkRows, misfitOf, NO_LINK } from './audit-chain.js';
import type { AuditRow } from './audit-row.js';

const A = '6f1c1d5e-8f4f-4f0c-9c58-2f4b5a1d7e01';
const B = '6f1c1d5e-8f4f-4f0c-9c58-2f4b5a1d7e02';

const aRow = (given: Partial<AuditRow> = {}): AuditRow => ({
  seq: '1',
  tenantId: A,
  at: '2026-11-02T09:30:00.000000Z',
  actor: 'petra',
  action: 'hold.placed',
  target: null,
  outcome: 'done',
  detail: '{}',
  ...given,
});

test('When a release is newer, then it still finds the hashes of the older ones', () => {
  expect(hashLink(NO_LINK.hash, aRow()).toString('hex')).toBe(
    'c40218462cf799c94f489e051098c2c5535c0dcc1e02b3da520f6bb803db3fef',
  );
});

test('When rows of several tenants are linked, then each continues the chain of its own', () => {
  const head = { n: 7, hash: Buffer.alloc(32, 7) };
  const rows = [aRow(), aRow({ seq: '2', tenantId: B }), aRow({ seq: '3' })];
  const links = linkRows(new Map([[B, head]]), rows);
  expect(links.map(({ tenantId, n, seq }) => [tenantId, n, seq])).toEqual([
    [A, 1, '1'],
    [B, 8, '2'],
    [A, 2, '3'],
  ]);
  expect(links[1]!.previous).toEqual(head.hash);
  expect(links[2]!.previous).toEqual(links[0]!.hash);
  expect(misfitOf(links[0]!, links[2]!, rows[2])).toBeUndefined();
});

test.each(Object.keys(aRow()))('When the %s of a row is another one, then its link does not fit', (field) => {
  const [link] = linkRows(new Map(), [aRow()]);
  expect(misfitOf(NO_LINK, link!, { ...aRow(), [field]: 'x' })).toBe('content');
});
