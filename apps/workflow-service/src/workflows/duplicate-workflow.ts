import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { Audit, Example, PlainText, type TenantCaller } from '#service';
import { loadSummary, loadWorkflow } from './load-workflow.js';
import type { WorkflowView } from './workflow-view.js';

@Example({ name: 'Ask the contacts of our fairs again' })
export class CopyName {
  @PlainText(200) name: string;
}

/** A new draft that says what the newest version of another workflow says, also of an archived one. */
@Injectable()
export class DuplicateWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, id: string, { name }: CopyName): Promise<WorkflowView> {
    const { tenantId } = caller;
    const copyId = uuidv7();
    return inTenant(this.db, tenantId, async (tx) => {
      const { trigger } = await loadSummary(tx, tenantId, id);
      await tx.query('INSERT INTO workflow (id, tenant_id, name, trigger) VALUES ($1, $2, $3, $4)', [
        copyId,
        tenantId,
        name,
        trigger,
      ]);
      await tx.query(
        `INSERT INTO workflow_version (workflow_id, number, tenant_id, state, steps, countries, import_ids, starts_at, ends_at)
         SELECT $1, 1, tenant_id, 'draft', steps, countries, import_ids, starts_at, ends_at
         FROM workflow_version WHERE workflow_id = $2 ORDER BY number DESC LIMIT 1`,
        [copyId, id],
      );
      const detail = { copyOf: id, trigger };
      await this.audit.record(tx, caller, { tenantId, action: 'workflow.duplicated', target: copyId, detail });
      return loadWorkflow(tx, tenantId, copyId);
    });
  }
}
