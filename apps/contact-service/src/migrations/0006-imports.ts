import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from '#messaging';

/** Every column that can hold something about a person, or leads to one. */
const PERSONAL = {
  contact: 'source_detail',
  suppression: 'address_hash',
  import: 'columns source_detail',
  import_piece: 'bytes',
  import_row: 'address_hash fields',
};

/** Bulk import, and the ledger of addresses that a company may not add again. */
export class Imports1768000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await extendContact(runner);
    await createSuppression(runner);
    await createImport(runner);
    await createImportPiece(runner);
    await createImportRow(runner);
    await isolateTenants(runner, ['suppression', 'import', 'import_piece', 'import_row']);
    await keepPersonalDataOutOfStatistics(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE import_row, import_piece, import, suppression');
    await runner.query(
      'ALTER TABLE contact DROP COLUMN import_id, DROP COLUMN lawful_basis, DROP COLUMN source_detail',
    );
  }
}

/** Where an imported contact comes from, in the company's words, and by which of the six reasons of GDPR 6 it is here. */
async function extendContact(runner: QueryRunner): Promise<void> {
  await runner.query(`
    ALTER TABLE contact
      ADD COLUMN import_id uuid,
      ADD COLUMN lawful_basis text,
      ADD COLUMN source_detail text`);
  await runner.query('CREATE INDEX contact_import ON contact (import_id, id) WHERE import_id IS NOT NULL');
}

/** An entry that was lifted has lost its hash, so nothing in it leads to a person; it says who lifted it, and why. */
async function createSuppression(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE suppression (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      address_hash text,
      kind text NOT NULL CHECK (kind IN ('removed', 'no-answer')),
      reason text NOT NULL,
      expunge_id uuid NOT NULL,
      until timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      lifted_at timestamptz,
      lifted_by text,
      lift_reason text,
      UNIQUE (tenant_id, address_hash),
      CHECK ((address_hash IS NULL) = (lifted_at IS NOT NULL)),
      CHECK (num_nulls(lifted_at, lifted_by, lift_reason) IN (0, 3))
    )`);
  await runner.query('CREATE INDEX suppression_until ON suppression (until)');
}

/**
 * rows_read is the position: whoever imports the next rows locks this row and finds it where it left it, or stops.
 * `worker` has taken the import until `worker_until`; that saves double work, the position is what keeps rows single.
 */
async function createImport(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE import (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('uploading', 'running', 'done', 'cancelled', 'failed', 'undoing', 'undone')),
      problem text,
      source_detail text,
      lawful_basis text,
      columns text[] NOT NULL DEFAULT '{}',
      delimiter text,
      encoding text,
      bytes bigint NOT NULL DEFAULT 0,
      rows_total int,
      rows_read int NOT NULL DEFAULT 0,
      rows_imported int NOT NULL DEFAULT 0,
      rejected jsonb NOT NULL DEFAULT '{}',
      undone int NOT NULL DEFAULT 0,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      touched_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      ended_at timestamptz,
      worker uuid,
      worker_until timestamptz
    )`);
  await runner.query('CREATE INDEX import_listed ON import (tenant_id, id)');
  await runner.query(
    `CREATE INDEX import_open ON import (tenant_id, id) WHERE state IN ('uploading', 'running', 'undoing')`,
  );
}

/** The uploaded file until it is imported. Not compressed: that would cost more than it saves in the time it is here. */
async function createImportPiece(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE import_piece (
      import_id uuid NOT NULL,
      n int NOT NULL,
      tenant_id uuid NOT NULL,
      bytes bytea NOT NULL,
      PRIMARY KEY (import_id, n)
    )`);
  await runner.query('ALTER TABLE import_piece ALTER COLUMN bytes SET STORAGE EXTERNAL');
}

/**
 * What became of each row, for the report. An imported row is found by its contact, a refused one by the keyed hash of its
 * address, so that the expunge of a person takes both along.
 */
async function createImportRow(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE import_row (
      import_id uuid NOT NULL,
      row_no int NOT NULL,
      tenant_id uuid NOT NULL,
      contact_id uuid,
      address_hash text,
      status text NOT NULL CHECK (status IN ('imported', 'rejected')),
      reason text,
      fields json,
      PRIMARY KEY (import_id, row_no)
    )`);
  await runner.query('CREATE INDEX import_row_contact ON import_row (contact_id) WHERE contact_id IS NOT NULL');
  await runner.query('CREATE INDEX import_row_address ON import_row (address_hash) WHERE address_hash IS NOT NULL');
}

/** See the first migration. */
async function keepPersonalDataOutOfStatistics(runner: QueryRunner): Promise<void> {
  for (const [table, columns] of Object.entries(PERSONAL)) {
    const settings = columns.split(' ').map((column) => `ALTER COLUMN ${column} SET STATISTICS 0`);
    await runner.query(`ALTER TABLE ${table} ${settings.join(', ')}`);
  }
}
