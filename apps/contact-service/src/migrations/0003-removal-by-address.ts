import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants, keepOutOfStatistics } from '#messaging';

/** See PERSONAL in the first migration: an address, and what leads to a person or is made of what a person sent. */
const PERSONAL = {
  removal_request: 'email_normalised',
  removal_link: 'token_hash address_hash',
  rate_limit: 'key',
};

/** Removal by address, for people without an account: what was asked for, the links sent by mail, and the limits. */
export class RemovalByAddress1766000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createRemovalRequest(runner);
    await createRemovalLink(runner);
    await createRateLimit(runner);
    await isolateTenants(runner, ['removal_request', 'removal_link']);
    await keepOutOfStatistics(runner, PERSONAL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rate_limit, removal_link, removal_request');
  }
}

/** A queue: a row is deleted when it is handled. The tenant may be unknown: nothing is looked up before. */
async function createRemovalRequest(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE removal_request (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      email_normalised text NOT NULL,
      requested_at timestamptz NOT NULL DEFAULT now()
    )`);
}

/** Goes with its contact. The token itself is in the mail only, and the hash of the address needs it. */
async function createRemovalLink(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE removal_link (
      token_hash text PRIMARY KEY,
      tenant_id uuid NOT NULL,
      contact_id uuid NOT NULL REFERENCES contact (id),
      request_id uuid NOT NULL,
      address_hash text NOT NULL,
      expires_at timestamptz NOT NULL,
      used_at timestamptz
    )`);
  await runner.query('CREATE INDEX removal_link_contact ON removal_link (contact_id)');
  await runner.query('CREATE INDEX removal_link_expires ON removal_link (expires_at)');
}

/** The columns, and their order, are those rate-limiter-flexible writes. `expire` is in milliseconds since 1970. */
async function createRateLimit(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE rate_limit (
      key varchar(255) PRIMARY KEY,
      points integer NOT NULL DEFAULT 0,
      expire bigint
    )`);
  await runner.query('CREATE INDEX rate_limit_expire ON rate_limit (expire)');
}
