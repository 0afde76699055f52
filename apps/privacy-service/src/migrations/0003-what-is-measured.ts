import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is counted for metrics is found along indexes; few rows are in these. */
export class WhatIsMeasured1791000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX expunge_request_all_waiting ON expunge_request (requested_at) WHERE state = 'waiting'`,
    );
    await runner.query(
      'CREATE INDEX expunge_request_unconfirmable ON expunge_request (completed_at) WHERE confirmation_failed',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX expunge_request_all_waiting, expunge_request_unconfirmable');
  }
}
