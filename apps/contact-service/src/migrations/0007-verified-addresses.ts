import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether the identity provider has said that the address of an account is its owner's. Unknown of accounts made before. */
export class VerifiedAddresses1769000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE contact ADD COLUMN address_verified boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE contact DROP COLUMN address_verified');
  }
}
