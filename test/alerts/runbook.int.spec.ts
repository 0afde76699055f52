import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { SERVICES, type ServiceName } from '#contracts';
import { repositoryRoot } from '#local';
import { migrate } from '#service';
import { migrations as contact } from '../../apps/contact-service/src/migrations/index.js';
import { migrations as notification } from '../../apps/notification-service/src/migrations/index.js';
import { migrations as privacy } from '../../apps/privacy-service/src/migrations/index.js';
import { migrations as workflow } from '../../apps/workflow-service/src/migrations/index.js';
import { createTestDatabase } from '../support/database.js';
import { anchors, headings, scripts, statements } from './runbook.js';

const MIGRATIONS = {
  'contact-service': contact,
  'workflow-service': workflow,
  'notification-service': notification,
  'privacy-service': privacy,
};
const databases = new Map<ServiceName, DataSource>();

beforeAll(async () => {
  for (const service of SERVICES) {
    const { appUrl: url, ownerUrl } = await createTestDatabase();
    await migrate(service, ownerUrl, MIGRATIONS[service]);
    const extra = { options: '-c app.tenant_id=all' };
    databases.set(
      service,
      await new DataSource({ type: 'postgres', url, installExtensions: false, extra }).initialize(),
    );
  }
});
afterAll(() => Promise.all([...databases.values()].map((db) => db.destroy())));

const STATEMENTS = statements().flatMap(({ services, sql }, n) =>
  services.map((service) => ({ n: n + 1, service, sql })),
);

test.each(STATEMENTS)('When statement $n of the runbook is run in $service, then it is understood', async (one) => {
  await expect(databases.get(one.service)!.query(one.sql)).resolves.toBeInstanceOf(Array);
});

test('When the runbook has SQL, then it says whose database is meant', () => {
  expect(statements().filter(({ services }) => services.length === 0)).toEqual([]);
  expect(STATEMENTS.length).toBeGreaterThan(20);
});

test('When the runbook names a command or another section, then there is one', () => {
  const { scripts: known } = JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts.filter((script) => !(script in known))).toEqual([]);
  const sections = headings.map((heading) => heading.toLowerCase());
  expect(anchors.filter((anchor) => !sections.includes(anchor))).toEqual([]);
});
