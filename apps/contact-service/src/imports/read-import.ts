import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { findImport } from './find-import.js';
import { type ImportView, importViewOf } from './import-view.js';

/** How far an import is, with the reasons of the rows that were refused. */
@Injectable()
export class ReadImport {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, id: string): Promise<ImportView> {
    return inTenant(this.db, tenantId, async (tx) => importViewOf(await findImport(tx, tenantId, id)));
  }
}
