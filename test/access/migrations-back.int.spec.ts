import { expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate, type MigrationClass } from '#service';
import { migrations as contact } from '../../apps/contact-service/src/migrations/index.js';
import { migrations as notification } from '../../apps/notification-service/src/migrations/index.js';
import { migrations as privacy } from '../../apps/privacy-service/src/migrations/index.js';
import { migrations as workflow } from '../../apps/workflow-service/src/migrations/index.js';
import { createTestDatabase } from '../support/database.js';

const ALL: [string, readonly MigrationClass[]][] = [
  ['contact-service', contact],
  ['notification-service', notification],
  ['privacy-service', privacy],
  ['workflow-service', workflow],
];

test.each(ALL)(
  'When the migrations of %s are taken back, then nothing of them is left and they can be made again',
  async (name, migrations) => {
    const { ownerUrl: url } = await createTestDatabase();
    await migrate(name, url, migrations);
    const owner = await new DataSource({ type: 'postgres', url, installExtensions: false }).initialize();
    const runner = owner.createQueryRunner();
    for (const Migration of migrations.toReversed()) await new Migration().down(runner);
    const left = await owner.query(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
     UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
    );
    expect(left).toEqual([{ name: 'schema_migrations' }]);
    await owner.query('DELETE FROM schema_migrations');
    await runner.release();
    await owner.destroy();
    expect(await migrate(name, url, migrations)).toHaveLength(migrations.length);
  },
);
