import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from '#messaging';
import { createAuditTables } from '#service';

const OF_A_TENANT = ['subject', 'mail', 'mail_outcome', 'tenant'];

/** Tenants kept apart by the database; the domain each client's mails are sent from. */
export class TenantsApart1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createAuditTables(runner);
    await runner.query('ALTER TABLE tenant ADD COLUMN mail_domain text');
    await isolateTenants(runner, OF_A_TENANT);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of OF_A_TENANT) {
      await runner.query(`DROP POLICY tenant ON ${table}`);
      await runner.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`);
    }
    await runner.query('ALTER TABLE tenant DROP COLUMN mail_domain');
    await runner.query('DROP TABLE audit_log CASCADE');
  }
}
