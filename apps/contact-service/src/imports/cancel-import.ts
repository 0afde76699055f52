import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Rejection, type TenantCaller } from '#service';
import { findImport, lockImport } from './find-import.js';
import { finish } from './import-position.js';
import { type ImportView, importViewOf } from './import-view.js';

/** Stops an import after the chunk under way. What is imported stays; the rest of the file goes at once. */
@Injectable()
export class CancelImport {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, id: string): Promise<ImportView> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const found = await lockImport(tx, tenantId, id);
      if (found.state === 'cancelled') return importViewOf(found);
      if (found.state !== 'running' && found.state !== 'uploading') throw ended();
      await finish(tx, found, { state: 'cancelled' });
      await this.audit.record(tx, caller, { tenantId, action: 'import.cancelled', target: id });
      return importViewOf(await findImport(tx, tenantId, id));
    });
  }
}

const ended = (): Rejection => new Rejection('import-ended', 'The import has ended already.');
