import { Injectable } from '@nestjs/common';
import { IsInt, Min } from 'class-validator';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, PlainText, type TenantCaller } from '#service';
import { checkParameters, VersionFacts } from './definition.js';
import { loadWorkflow, lockWorkflow } from './load-workflow.js';
import type { WorkflowView } from './workflow-view.js';
import { touchWorkflow, writeDraft } from './write-version.js';

/** The whole of what the next version is to say; what is left out takes its default. */
@Example({
  revision: 1,
  name: 'Ask the contacts of our fairs',
  steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: 2_592_000 }, { action: 'expunge' }],
  filter: { countries: ['DE'] },
})
export class WorkflowChange extends VersionFacts {
  @IsInt() @Min(1) revision: number;
  @PlainText(200) name: string;
}

/** Changes the draft version; of an active workflow it makes one, and what is active stays so until that is activated. */
@Injectable()
export class ChangeWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, id: string, { revision, name, ...facts }: WorkflowChange): Promise<WorkflowView> {
    checkParameters(facts.steps);
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lockWorkflow(tx, tenantId, id, revision);
      await writeDraft(tx, { tenantId, workflowId: id }, facts);
      await touchWorkflow(tx, { tenantId, workflowId: id }, name);
      const detail = { revision: revision + 1 };
      await this.audit.record(tx, caller, { tenantId, action: 'workflow.changed', target: id, detail });
      return loadWorkflow(tx, tenantId, id);
    });
  }
}
