import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Pumps, Rejection, type TenantCaller } from '#service';
import { findImport, lockImport } from './find-import.js';
import type { Import } from './import.js';
import { type ImportView, importViewOf } from './import-view.js';

/**
 * Takes an import back, unless somebody in it was asked to opt in: from now on nobody will be, and all its contacts are removed
 * by the ordinary way, without a mail to people who know nothing of it; while expunge is off they are disabled and keep their
 * addresses. Asked again it answers the same.
 */
@Injectable()
export class UndoImport {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
  ) {}

  async execute(caller: TenantCaller, id: string): Promise<ImportView> {
    const { tenantId } = caller;
    const view = await inTenant(this.db, tenantId, async (tx) => {
      const found = await lockImport(tx, tenantId, id);
      if (found.state === 'undoing' || found.state === 'undone') return importViewOf(found);
      if (found.state === 'uploading' || found.state === 'running') throw stillRuns();
      if (await anybodyAsked(tx, found)) throw alreadyAsked();
      // When it ended stays: the time its report is kept does not begin anew.
      await tx.query(`UPDATE import SET state = 'undoing' WHERE id = $1 AND tenant_id = $2`, [id, tenantId]);
      await this.audit.record(tx, caller, { tenantId, action: 'import.undone', target: id });
      return importViewOf(await findImport(tx, tenantId, id));
    });
    this.pumps.wake('remove-undone');
    return view;
  }
}

async function anybodyAsked(tx: EntityManager, { id, tenantId }: Import): Promise<boolean> {
  const [row]: { asked: boolean }[] = await tx.query(
    `SELECT EXISTS (
       SELECT FROM opt_in_ask JOIN contact ON contact.id = opt_in_ask.contact_id
       WHERE contact.import_id = $1 AND contact.tenant_id = $2
     ) AS asked`,
    [id, tenantId],
  );
  return row?.asked ?? false;
}

const stillRuns = (): Rejection => new Rejection('import-running', 'The import still runs.', 409, 'Cancel it first.');
const alreadyAsked = (): Rejection =>
  new Rejection(
    'import-asked',
    'People of this import were asked to opt in already, so it cannot be undone as a whole.',
  );
