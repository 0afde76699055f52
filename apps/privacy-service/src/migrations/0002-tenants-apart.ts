import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants, joinTenants } from '#messaging';
import { createAuditTables, dropAuditTables } from '#service';

const OF_A_TENANT = ['tenant', 'expunge_request'];

/** The audit log, tenants kept apart by the database, and requests that wait to begin. */
export class TenantsApart1780000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createAuditTables(runner);
    await isolateTenants(runner, OF_A_TENANT);
    // One document, read and written as a whole like the participants.
    await runner.query('ALTER TABLE expunge_request ADD COLUMN waiting jsonb');
    await checkThat(runner, 'expunge_request_state_check', `state IN ('waiting', 'erasing', 'expunged', 'confirmed')`);
    await checkThat(
      runner,
      'expunge_request_participants_check',
      `CASE state WHEN 'waiting' THEN jsonb_array_length(participants) = 0 AND waiting IS NOT NULL
         ELSE jsonb_array_length(participants) >= 3 END`,
    );
    await checkThat(
      runner,
      'expunge_request_check1',
      `num_nulls(completed_at, certificate_id, certificate) = CASE WHEN state IN ('waiting', 'erasing') THEN 3 ELSE 0 END`,
    );
    await runner.query(
      `CREATE INDEX expunge_request_waiting ON expunge_request (received_at) WHERE state = 'waiting' AND NOT overdue`,
    );
  }

  /** Fails while a request waits: it would be forgotten. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX expunge_request_waiting');
    await checkThat(runner, 'expunge_request_state_check', `state IN ('erasing', 'expunged', 'confirmed')`);
    await checkThat(runner, 'expunge_request_participants_check', 'jsonb_array_length(participants) >= 3');
    await runner.query('ALTER TABLE expunge_request DROP COLUMN waiting');
    await joinTenants(runner, OF_A_TENANT);
    await dropAuditTables(runner);
  }
}

async function checkThat(runner: QueryRunner, constraint: string, condition: string): Promise<void> {
  await runner.query(
    `ALTER TABLE expunge_request DROP CONSTRAINT ${constraint}, ADD CONSTRAINT ${constraint} CHECK (${condition})`,
  );
}
