import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { loadWorkflow } from './load-workflow.js';
import type { WorkflowView } from './workflow-view.js';

/** One workflow with all its versions, and what is under way with it. */
@Injectable()
export class ShowWorkflow {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, id: string): Promise<WorkflowView> {
    return inTenant(this.db, tenantId, (tx) => loadWorkflow(tx, tenantId, id));
  }
}
