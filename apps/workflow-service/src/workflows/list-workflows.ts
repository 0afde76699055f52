import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Optional, Rejection } from '#service';
import { SUMMARY_COLUMNS } from './load-workflow.js';
import { WorkflowSummary } from './workflow-view.js';

export class WorkflowsPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

export class Workflows {
  @ValidateNested({ each: true }) @Type(() => WorkflowSummary) workflows: WorkflowSummary[];
  /** To be given as `after` for the next page; absent on the last one. */
  @Optional() @IsUUID() next?: string;
}

/** The workflows of a client: by trigger, newest first. By keyset, so that what is created meanwhile shifts no page. */
@Injectable()
export class ListWorkflows {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, page: WorkflowsPage): Promise<Workflows> {
    const { limit, after } = page;
    const found = await inTenant(this.db, tenantId, async (tx) => {
      if (after !== undefined) await refuseForeign(tx, tenantId, after);
      return pageOf(tx, tenantId, page);
    });
    const workflows = found.slice(0, limit);
    return found.length > limit ? { workflows, next: workflows.at(-1)?.id } : { workflows };
  }
}

/** One more than the page has, so that the end of the list is seen. What it is sorted by never changes. */
function pageOf(tx: EntityManager, tenantId: string, { limit, after }: WorkflowsPage): Promise<WorkflowSummary[]> {
  return tx.query(
    `SELECT ${SUMMARY_COLUMNS} FROM workflow
     WHERE tenant_id = $1 AND ($2::uuid IS NULL OR EXISTS (
       SELECT FROM workflow a WHERE a.id = $2 AND (workflow.trigger > a.trigger
         OR workflow.trigger = a.trigger AND (workflow.created_at, workflow.id) < (a.created_at, a.id))))
     ORDER BY trigger, created_at DESC, id DESC LIMIT $3`,
    [tenantId, after ?? null, limit + 1],
  );
}

async function refuseForeign(tx: EntityManager, tenantId: string, id: string): Promise<void> {
  const known: unknown[] = await tx.query('SELECT FROM workflow WHERE tenant_id = $1 AND id = $2', [tenantId, id]);
  if (known.length === 0) throw new Rejection('unknown-cursor', 'The cursor is not one of this list.', 422);
}
