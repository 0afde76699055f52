import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, PlainText, type TenantCaller } from '#service';
import type { Trigger, Workflow } from './workflow.js';

@Example({ name: 'Ask for consent' })
export class WorkflowInput {
  @PlainText(200) name: string;
}

/** Makes or renames a tenant's workflow for a trigger; contacts that come in that way from now on are enrolled in it. */
@Injectable()
export class PutWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, trigger: Trigger, { name }: WorkflowInput): Promise<Workflow> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      const [saved]: [Workflow] = await tx.query(
        `INSERT INTO workflow (tenant_id, trigger, name) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, trigger) DO UPDATE SET name = EXCLUDED.name
         RETURNING id, trigger, name, created_at AS "createdAt"`,
        [tenantId, trigger, name],
      );
      await this.audit.record(tx, caller, { tenantId, action: 'workflow.put', target: saved.id, detail: { trigger } });
      return saved;
    });
  }
}
