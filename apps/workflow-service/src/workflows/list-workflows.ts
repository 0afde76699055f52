import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { loadSummaries } from './load-workflow.js';
import { WorkflowSummary } from './workflow-view.js';

export class Workflows {
  @ValidateNested({ each: true }) @Type(() => WorkflowSummary) workflows: WorkflowSummary[];
}

/** The workflows of a client; there are few. */
@Injectable()
export class ListWorkflows {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string): Promise<Workflows> {
    return { workflows: await inTenant(this.db, tenantId, (tx) => loadSummaries(tx, tenantId)) };
  }
}
