import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { many } from '../../../../test/support/make.js';
import { createTestDatabase } from '../../../../test/support/database.js';
import { AuditDatabase } from '../../test/audit-database.js';
import { bindTenant, inTenant } from '#messaging';
import { Audit } from './audit.js';
import { verifyAuditLog } from './verify-audit-log.js';

let log: AuditDatabase;

beforeAll(async () => {
  log = await AuditDatabase.create(await createTestDatabase(), process.env.TEST_POSTGRES_URL!);
});

beforeEach(async () => {
  await log.superuser.query('TRUNCATE audit_log, audit_chain, audit_unchained');
});

afterAll(() => log.close());

const chainAll = async (): Promise<void> => {
  while ((await log.pass().execute()) === 'more');
};

const allIsWell = (): Promise<boolean> => verifyAuditLog(log.app, [], () => undefined);

const waiting = async (): Promise<number> =>
  Number((await log.superuser.query('SELECT count(*) FROM audit_unchained'))[0].count);

const seqsOf = async (tenantId: string): Promise<unknown[]> => (await log.rowsOf(tenantId)).map((row) => row.seq);

/** How many other connections to this database wait for a lock. */
async function waitingForLocks(count: number): Promise<number[]> {
  for (;;) {
    const rows: { pid: number }[] = await log.superuser.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length >= count) return rows.map((row) => row.pid);
    await sleep(10);
  }
}

test('When a pass runs, then the rows of every tenant are chained in their order, and nothing waits any more', async () => {
  const tenants = [randomUUID(), randomUUID()];
  for (const tenantId of [...tenants, ...tenants, ...tenants]) await log.record({ tenantId });
  await expect(log.pass().execute()).resolves.toBe('idle');
  for (const tenantId of tenants) expect(await log.chainOf(tenantId)).toEqual(await seqsOf(tenantId));
  await expect(waiting()).resolves.toBe(0);
  await log.record({ tenantId: tenants[0] });
  await log.pass().execute();
  expect(await log.chainOf(tenants[0]!)).toHaveLength(4);
  await expect(allIsWell()).resolves.toBe(true);
});

test('When many act for one tenant at once, then nobody waits for another, and every row is chained once', async () => {
  const tenantId = randomUUID();
  const written = many(20, () => Promise.withResolvers<void>());
  const go = Promise.withResolvers<void>();
  const writers = written.map((mine) =>
    inTenant(log.app, tenantId, async (tx) => {
      await new Audit().record(tx, 'system', { tenantId, action: 'contact.added' });
      mine.resolve();
      await go.promise;
    }),
  );
  // All have written while none has committed: behind a lock of the tenant the second would never get here.
  await Promise.all(written.map((mine) => mine.promise));
  go.resolve();
  await Promise.all(writers);
  const busy = many(200, () => log.record({ tenantId }));
  await Promise.all([...busy, ...many(5, () => log.pass().execute())]);
  await chainAll();
  const chained = await log.chainOf(tenantId);
  expect(chained.toSorted((a, b) => Number(a) - Number(b))).toEqual(await seqsOf(tenantId));
  await expect(waiting()).resolves.toBe(0);
  await expect(allIsWell()).resolves.toBe(true);
});

test('When there are more rows than one pass takes, then it asks to be run again, and chains them all', async () => {
  const tenantId = randomUUID();
  await log.superuser.query(
    `WITH added AS (
       INSERT INTO audit_log (tenant_id, at, actor, action, outcome)
       SELECT $1, now(), 'system', 'contact.added', 'done' FROM generate_series(1, 2500) RETURNING seq)
     INSERT INTO audit_unchained SELECT seq FROM added`,
    [tenantId],
  );
  await expect(log.pass().execute()).resolves.toBe('more');
  expect(await log.chainOf(tenantId)).toHaveLength(1_000);
  await chainAll();
  expect(await log.chainOf(tenantId)).toEqual(await seqsOf(tenantId));
  await expect(allIsWell()).resolves.toBe(true);
});

test('When a transaction ends late, then its row is chained behind later ones, and none is lost', async () => {
  const tenantId = randomUUID();
  const late = log.app.createQueryRunner();
  await late.startTransaction();
  await bindTenant(late.manager, tenantId);
  await new Audit().record(late.manager, 'system', { tenantId, action: 'contact.late' });
  await log.record({ tenantId });
  await log.pass().execute();
  await late.commitTransaction();
  await late.release();
  await log.pass().execute();
  const [first, second] = await seqsOf(tenantId);
  expect(await log.chainOf(tenantId)).toEqual([second, first]);
  await expect(allIsWell()).resolves.toBe(true);
});

test('When a pass is killed in the middle, then the next one chains every row once', async () => {
  const tenantId = randomUUID();
  for (let n = 0; n < 3; n += 1) await log.record({ tenantId });
  const holder = log.superuser.createQueryRunner();
  await holder.startTransaction();
  await holder.query('SELECT * FROM audit_unchained FOR UPDATE');
  const outcome = log
    .pass()
    .execute()
    .catch(() => 'killed');
  // It has written its links and now waits to take the rows off the list.
  const [pid] = await waitingForLocks(1);
  await log.superuser.query('SELECT pg_terminate_backend($1)', [pid]);
  await expect(outcome).resolves.toBe('killed');
  await holder.rollbackTransaction();
  await holder.release();
  expect(await log.chainOf(tenantId)).toEqual([]);
  await log.pass().execute();
  expect(await log.chainOf(tenantId)).toEqual(await seqsOf(tenantId));
});

test('When a pass is under way, then a second one does not wait for it', async () => {
  await log.record();
  const holder = log.superuser.createQueryRunner();
  await holder.startTransaction();
  await holder.query('SELECT * FROM audit_unchained FOR UPDATE');
  const first = log.pass().execute();
  await waitingForLocks(1);
  await expect(log.pass().execute()).resolves.toBe('idle');
  await holder.commitTransaction();
  await holder.release();
  await first;
  await expect(waiting()).resolves.toBe(0);
});

test('When a row that is chained is named as not chained, then the chain goes on all the same', async () => {
  const tenantId = await log.tenantWith(2);
  await log.superuser.query('INSERT INTO audit_unchained SELECT seq FROM audit_log');
  await log.record({ tenantId });
  await chainAll();
  expect(await log.chainOf(tenantId)).toEqual(await seqsOf(tenantId));
});
