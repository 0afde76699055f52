import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Workflow } from './workflow.js';

export class Workflows {
  @ValidateNested({ each: true }) @Type(() => Workflow) workflows: Workflow[];
}

/** The workflows of a tenant; there is at most one for each trigger. */
@Injectable()
export class ListWorkflows {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string): Promise<Workflow[]> {
    return inTenant(this.db, tenantId, (tx) =>
      tx.query(
        'SELECT id, trigger, name, created_at AS "createdAt" FROM workflow WHERE tenant_id = $1 ORDER BY trigger',
        [tenantId],
      ),
    );
  }
}
