/**
 * `node next-release.js <service> [command]`: the next release of a service, as far as the schema goes. It is the service as it is,
 * with migrations that add to the tables that are written most, as an upgrade would (expand), and will not serve before they are made.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { MigrationClass } from '#service';
import { migrations as contact } from '../../apps/contact-service/src/migrations/index.js';
import { migrations as notification } from '../../apps/notification-service/src/migrations/index.js';
import { migrations as privacy } from '../../apps/privacy-service/src/migrations/index.js';
import { migrations as workflow } from '../../apps/workflow-service/src/migrations/index.js';

interface Release {
  readonly migrations: MigrationClass[];
  /** The table that is written most. */
  readonly table: string;
  readonly serve: () => Promise<unknown>;
}

const SERVICES: Record<string, Release> = {
  'contact-service': {
    migrations: contact,
    table: 'contact',
    serve: () => import('../../apps/contact-service/src/main.js'),
  },
  'notification-service': {
    migrations: notification,
    table: 'mail',
    serve: () => import('../../apps/notification-service/src/main.js'),
  },
  'privacy-service': {
    migrations: privacy,
    table: 'expunge_request',
    serve: () => import('../../apps/privacy-service/src/main.js'),
  },
  'workflow-service': {
    migrations: workflow,
    table: 'enrolment',
    serve: () => import('../../apps/workflow-service/src/main.js'),
  },
};

// The service reads its own command behind it.
const { migrations, table, serve } = SERVICES[process.argv.splice(2, 1)[0]!]!;

/** One table for each migration: with two it and a transaction of the service could wait for each other. */
function addingTo(changed: string, number: number): MigrationClass {
  class NextRelease implements MigrationInterface {
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`ALTER TABLE ${changed} ADD COLUMN next_release text NOT NULL DEFAULT 'unknown'`);
      await runner.query(`CREATE INDEX next_release_of_${changed} ON ${changed} (next_release)`);
    }

    async down(): Promise<void> {}
  }
  Object.defineProperty(NextRelease, 'name', { value: `NextRelease${9999000000000 + number}` });
  return NextRelease;
}

migrations.push(...[table, 'outbox', 'inbox'].map(addingTo));
await serve();
