import { Injectable } from '@nestjs/common';
import { IsInt, Min } from 'class-validator';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, type TenantCaller } from '#service';
import { lockDefinitions } from '../workflows/active-workflows.js';
import { loadWorkflow, lockWorkflow } from '../workflows/load-workflow.js';
import type { WorkflowView } from '../workflows/workflow-view.js';
import { touchWorkflow } from '../workflows/write-version.js';
import { endRun } from './start-version.js';

@Example({ revision: 3 })
export class Archiving {
  @IsInt() @Min(1) revision: number;
}

/** It enrols nobody any more. Those under way go on: what a mail has promised holds. */
@Injectable()
export class ArchiveWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, id: string, { revision }: Archiving): Promise<WorkflowView> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lockDefinitions(tx, tenantId, 'to-change');
      await lockWorkflow(tx, tenantId, id, revision);
      await touchWorkflow(tx, { tenantId, workflowId: id });
      const of = [id, tenantId];
      await tx.query(`UPDATE workflow SET state = 'archived' WHERE id = $1 AND tenant_id = $2`, of);
      await tx.query(
        `UPDATE workflow_version SET state = 'retired' WHERE workflow_id = $1 AND tenant_id = $2 AND state = 'active'`,
        of,
      );
      await endRun(tx, id, tenantId);
      await this.audit.record(tx, caller, { tenantId, action: 'workflow.archived', target: id });
      return loadWorkflow(tx, tenantId, id);
    });
  }
}
