import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createTestDatabase } from '../../../../test/support/database.js';
import { AuditDatabase } from '../../test/audit-database.js';
import { ServiceConfig } from '../config.js';
import { Pumps } from '../pump.js';
import { MeasureAuditChain } from './measure-audit-chain.js';

/** What the tests falsify is logged as an error; that is expected. */
Logger.overrideLogger(false);

let log: AuditDatabase;
let registry: Registry;
let measure: MeasureAuditChain;
let tenantId: string;

beforeAll(async () => {
  log = await AuditDatabase.create(await createTestDatabase(), process.env.TEST_POSTGRES_URL!);
});
beforeEach(async () => {
  await log.superuser.query('TRUNCATE audit_log, audit_chain, audit_unchained RESTART IDENTITY');
  for (let tenants = 0; tenants < 3; tenants += 1) tenantId = await log.tenantWith(4);
  registry = new Registry();
  measure = new MeasureAuditChain(registry, log.app, new Pumps(new SchedulerRegistry()), new ServiceConfig());
});
afterAll(() => log.close());

async function told(name: string): Promise<number | undefined> {
  return (await registry.getSingleMetric(name)!.get()).values[0]?.value;
}

test('When all is as it was written, then a round says so, with its time', async () => {
  expect(await told('audit_chain_broken')).toBeUndefined();
  await measure.execute();
  expect(await told('audit_chain_broken')).toBe(0);
  expect(Math.abs((await told('audit_chain_checked_timestamp_seconds'))! - Date.now() / 1_000)).toBeLessThan(60);
  expect(await registry.metrics()).not.toContain(tenantId);
});

const FALSIFIED: [string, (seqs: readonly string[]) => string][] = [
  ['was changed', ([, seq]) => `UPDATE audit_log SET action = 'other' WHERE seq = ${seq}`],
  ['was removed', ([, seq]) => `DELETE FROM audit_log WHERE seq = ${seq}`],
  ['is gone from the chain', ([, seq]) => `DELETE FROM audit_chain WHERE seq = ${seq}`],
  ['and the end with it are gone', (seqs) => `DELETE FROM audit_chain WHERE seq >= ${seqs[2]} AND seq <= ${seqs[3]}`],
];

test.each(FALSIFIED)('When a row %s, then that is told until a round finds nothing', async (_, falsify) => {
  await measure.execute();
  const seqs = await log.chainOf(tenantId);
  await log.superuser.query(falsify(seqs));
  await measure.execute();
  expect(await told('audit_chain_broken')).toBe(1);
  await log.superuser.query('TRUNCATE audit_log, audit_chain, audit_unchained RESTART IDENTITY');
  await log.tenantWith(1);
  await measure.execute();
  expect(await told('audit_chain_broken')).toBe(0);
});

test('When a row was removed before it was chained, then that is told', async () => {
  await log.record({ tenantId: randomUUID() });
  await log.superuser.query('DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)');
  await measure.execute();
  expect(await told('audit_chain_broken')).toBe(1);
});

test('When there are more chains than one look takes, then a round takes several, and looks at all of them', async () => {
  const tenants = Array.from({ length: 70 }, () => randomUUID());
  for (const one of tenants) await log.record({ tenantId: one });
  await log.pass().execute();
  const last = [...tenants].sort().at(-1)!;
  await log.superuser.query(`UPDATE audit_log SET action = 'other' WHERE tenant_id = '${last}'`);
  await measure.execute();
  expect(await told('audit_chain_checked_timestamp_seconds')).toBeUndefined();
  await measure.execute();
  expect(await told('audit_chain_checked_timestamp_seconds')).toBeDefined();
  expect(await told('audit_chain_broken')).toBe(1);
});
