import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants, joinTenants } from '#messaging';
import { createAuditTables, dropAuditTables } from '#service';

const OF_A_TENANT = ['subject', 'workflow', 'enrolment', 'timer'];

/** The audit log, and tenants kept apart by the database: timers now say themselves whose they are. */
export class TenantsApart1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createAuditTables(runner);
    await runner.query('ALTER TABLE timer ADD COLUMN tenant_id uuid');
    await runner.query(
      'UPDATE timer SET tenant_id = enrolment.tenant_id FROM enrolment WHERE enrolment.id = timer.enrolment_id',
    );
    await runner.query('ALTER TABLE timer ALTER COLUMN tenant_id SET NOT NULL');
    await isolateTenants(runner, OF_A_TENANT);
  }

  async down(runner: QueryRunner): Promise<void> {
    await joinTenants(runner, OF_A_TENANT);
    await runner.query('ALTER TABLE timer DROP COLUMN tenant_id');
    await dropAuditTables(runner);
  }
}
