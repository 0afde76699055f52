import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../../../test/support/database.js';
import { AuditDatabase } from '../../test/audit-database.js';
import { loadConfig, ServiceConfig } from '../config.js';
import { DatabaseNotReached } from '../migrate.js';
import { parseAuditCommand, runAuditCommand } from './audit-command.js';

let log: AuditDatabase;
/** Of it rows are falsified; the other one stays as it is. */
let tenantId: string;
let other: string;

beforeAll(async () => {
  log = await AuditDatabase.create(await createTestDatabase(), process.env.TEST_POSTGRES_URL!);
});

beforeEach(async () => {
  await log.superuser.query('TRUNCATE audit_log, audit_chain, audit_unchained RESTART IDENTITY');
  tenantId = await log.tenantWith(6);
  other = await log.tenantWith(2);
});

afterAll(() => log.close());

const configFor = (url: string): ServiceConfig =>
  loadConfig(ServiceConfig, {
    HTTP_PORT: '0',
    DATABASE_URL: url,
    KAFKA_BROKERS: '127.0.0.1:1',
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
  });

async function verify(...options: string[]): Promise<{ intact: boolean; printed: string[] }> {
  const printed: string[] = [];
  const command = parseAuditCommand(['verify', ...options])!;
  const print = (line: string): void => void printed.push(line);
  const intact = await runAuditCommand('contact-service', configFor(log.appUrl), command, print);
  return { intact, printed };
}

/** `<tenant>:<n>:<hash>`, as printed. */
async function printedHead(): Promise<string> {
  const { printed } = await verify();
  return printed.find((line) => line.startsWith(tenantId))!.split('head=')[1]!;
}

const falsify = (sql: string): Promise<unknown> => log.superuser.query(sql);

/** Puts the whole content of two rows in each other's place; their numbers stay. */
const SWAP_ROWS = `
  UPDATE audit_log a SET at = b.at, actor = b.actor, action = b.action, target = b.target, detail = b.detail
  FROM audit_log b WHERE (a.seq, b.seq) IN ((3, 5), (5, 3))`;
const swapLinks = (column: string): string => `
  UPDATE audit_chain SET ${column} = -${column} WHERE seq IN (3, 5);
  UPDATE audit_chain SET ${column} = CASE ${column} WHEN -3 THEN 5 ELSE 3 END WHERE ${column} < 0`;
const CUT_TAIL = 'DELETE FROM audit_log WHERE seq IN (5, 6); DELETE FROM audit_chain WHERE seq IN (5, 6)';

test('When nobody has touched the log, then that is said, with the rows and the head of every tenant', async () => {
  await log.record({ tenantId });
  const { intact, printed } = await verify();
  expect(printed).toHaveLength(3);
  expect(printed).toContainEqual(
    expect.stringMatching(`^${tenantId}  rows=7 waiting=1 head=${tenantId}:6:[0-9a-f]{64}$`),
  );
  expect(printed).toContainEqual(expect.stringMatching(`^${other}  rows=2 waiting=0 head=${other}:2:[0-9a-f]{64}$`));
  expect(printed.at(-1)).toBe('2 tenant(s), 9 row(s): nothing was changed, removed or reordered');
  expect(intact).toBe(true);
});

describe('When somebody with every right has falsified the log', () => {
  test.each<[string, string, string]>([
    ['one field', `UPDATE audit_log SET actor = 'somebody' WHERE seq IN (3, 5)`, 'row 3 was changed (entry 3'],
    ['a detail', `UPDATE audit_log SET detail = '{"n": 3.0}' WHERE seq = 3`, 'row 3 was changed (entry 3'],
    ['a time by a microsecond', `UPDATE audit_log SET at = at + '1 us' WHERE seq = 3`, 'row 3 was changed (entry 3'],
    ['its tenant', `UPDATE audit_log SET tenant_id = '${randomUUID()}' WHERE seq = 3`, 'row 3 was changed (entry 3'],
    ['a hash', `UPDATE audit_chain SET hash = sha256('x') WHERE seq = 3`, 'row 3 was changed (entry 3'],
    [
      'what a link follows',
      `UPDATE audit_chain SET previous = sha256('x') WHERE seq = 3`,
      'row 3 was changed (entry 3',
    ],
  ])('then a change of %s is found, and the first one named', async (_, sql, problem) => {
    await falsify(sql);
    const { intact, printed } = await verify();
    expect(printed).toContainEqual(expect.stringContaining(`${tenantId}  ${problem}`));
    expect(printed.at(-1)).toContain('NOT AS IT WAS WRITTEN');
    expect(printed.filter((line) => line.startsWith(other))).toHaveLength(1);
    expect(intact).toBe(false);
  });

  test.each<[string, string, string]>([
    ['a row', 'DELETE FROM audit_log WHERE seq IN (3, 4)', 'row 3 was removed (entry 3'],
    ['a link', 'DELETE FROM audit_chain WHERE seq = 3', 'entry 3 of the chain was removed'],
    [
      'a row with its link, the rest moved up',
      `DELETE FROM audit_log WHERE seq = 3; DELETE FROM audit_chain WHERE seq = 3;
       UPDATE audit_chain SET n = -n WHERE tenant_id = (SELECT tenant_id FROM audit_log WHERE seq = 1) AND n > 3;
       UPDATE audit_chain SET n = -n - 1 WHERE n < 0`,
      'entry 3 of the chain was removed',
    ],
    [
      'the end of the chain only',
      'DELETE FROM audit_chain WHERE seq IN (5, 6)',
      'row 5 was not written by the service',
    ],
    ['the whole chain', 'DELETE FROM audit_chain WHERE seq < 7', 'row 1 was not written by the service'],
    ['all rows', 'DELETE FROM audit_log WHERE seq < 7', 'row 1 was removed (entry 1'],
  ])('then %s that was removed is found', async (_, sql, problem) => {
    await falsify(sql);
    const { intact, printed } = await verify();
    expect(printed).toContainEqual(expect.stringContaining(`${tenantId}  ${problem}`));
    expect(intact).toBe(false);
  });

  test.each<[string, string]>([
    ['two rows', SWAP_ROWS],
    ['the rows of two links', swapLinks('seq')],
    ['the positions of two links', swapLinks('n')],
  ])('then %s in each other’s place are found', async (_, sql) => {
    await falsify(sql);
    const { intact, printed } = await verify();
    expect(printed).toContainEqual(expect.stringContaining(`${tenantId}  row 3 was reordered (entry 3`));
    expect(intact).toBe(false);
  });

  test('then a row that was put in is found', async () => {
    await falsify(
      `INSERT INTO audit_log (tenant_id, at, actor, action, outcome) VALUES ('${tenantId}', now(), 'a', 'b', 'done')`,
    );
    const { intact, printed } = await verify();
    expect(printed).toContainEqual(expect.stringContaining('row 9 was not written by the service'));
    expect(intact).toBe(false);
  });

  test('then a row that was removed before it was chained is found', async () => {
    await log.record({ tenantId });
    await falsify('DELETE FROM audit_log WHERE seq = 9');
    const { intact, printed } = await verify();
    expect(printed).toContain('row 9 was removed before it was chained');
    expect(intact).toBe(false);
  });
});

describe('When an earlier head was kept elsewhere', () => {
  test('then a log that only grew since goes through it', async () => {
    const head = await printedHead();
    await log.record({ tenantId });
    await log.pass().execute();
    await expect(verify('--head', head)).resolves.toMatchObject({ intact: true });
  });

  test('then an end that was cut off is found, which the chain alone cannot show', async () => {
    const head = await printedHead();
    await falsify(CUT_TAIL);
    await expect(verify()).resolves.toMatchObject({ intact: true });
    const { intact, printed } = await verify('--head', head);
    expect(printed).toContain(`${tenantId}  the chain once had an entry 6: its end was removed`);
    expect(intact).toBe(false);
  });

  test('then a chain that was written anew as a whole is found', async () => {
    const head = await printedHead();
    await falsify(`UPDATE audit_log SET actor = 'somebody' WHERE seq = 3; TRUNCATE audit_chain;
      INSERT INTO audit_unchained SELECT seq FROM audit_log`);
    await log.pass().execute();
    await expect(verify()).resolves.toMatchObject({ intact: true });
    const { intact, printed } = await verify('--head', head);
    expect(printed).toContain(`${tenantId}  entry 6 once had another hash: the chain was written anew`);
    expect(intact).toBe(false);
  });

  test('then a tenant of which nothing is left is found', async () => {
    const head = await printedHead();
    await falsify('DELETE FROM audit_log WHERE seq < 7; DELETE FROM audit_chain WHERE seq < 7');
    await expect(verify('--head', head)).resolves.toMatchObject({ intact: false });
  });
});

test('When the database is away, then nothing is called intact', async () => {
  const nowhere = configFor('postgres://nobody:nothing@127.0.0.1:1/none');
  const printed: string[] = [];
  const verified = runAuditCommand('contact-service', nowhere, { action: 'verify', heads: [] }, (line) => {
    printed.push(line);
  });
  await expect(verified).rejects.toThrow(DatabaseNotReached);
  expect(printed).toEqual([]);
});
