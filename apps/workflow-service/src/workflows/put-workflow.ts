import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PlainText } from '#service';
import type { Trigger, Workflow } from './workflow.js';

export class WorkflowInput {
  @PlainText(200) name: string;
}

/** Makes or renames a tenant's workflow for a trigger; contacts that come in that way from now on are enrolled in it. */
@Injectable()
export class PutWorkflow {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, trigger: Trigger, { name }: WorkflowInput): Promise<Workflow> {
    const [saved]: [Workflow] = await this.db.query(
      `INSERT INTO workflow (tenant_id, trigger, name) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, trigger) DO UPDATE SET name = EXCLUDED.name
       RETURNING id, trigger, name, created_at AS "createdAt"`,
      [tenantId, trigger, name],
    );
    return saved;
  }
}
