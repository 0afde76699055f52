import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants, joinTenants } from '#messaging';
import { createAuditTables, dropAuditTables } from '#service';

const OF_A_TENANT = ['subject', 'mail', 'mail_outcome', 'tenant'];

/** Tenants kept apart by the database; the domain each client's mails are sent from. */
export class TenantsApart1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createAuditTables(runner);
    await runner.query('ALTER TABLE tenant ADD COLUMN mail_domain text');
    await isolateTenants(runner, OF_A_TENANT);
  }

  async down(runner: QueryRunner): Promise<void> {
    await joinTenants(runner, OF_A_TENANT);
    await runner.query('ALTER TABLE tenant DROP COLUMN mail_domain');
    await dropAuditTables(runner);
  }
}
