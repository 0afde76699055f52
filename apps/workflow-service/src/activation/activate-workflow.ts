import { Injectable } from '@nestjs/common';
import { IsBoolean, IsInt, Min } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, Optional, Pumps, type TenantCaller } from '#service';
import { WorkflowConfig } from '../config.js';
import { lockDefinitions } from '../workflows/active-workflows.js';
import { loadWorkflow, lockWorkflow } from '../workflows/load-workflow.js';
import { touchWorkflow } from '../workflows/write-version.js';
import type { ActivationAnswer } from './activation-answers.js';
import { countAffected } from './affected.js';
import { judgeDraft, limitsOf } from './judge-activation.js';
import { startVersion } from './start-version.js';

@Example({ revision: 1, enrolExisting: true })
export class Activation {
  @IsInt() @Min(1) revision: number;
  /**
   * Also contacts that came in before the activation; otherwise only those that come in from the start of the version on. Who
   * comes in between the activation and a later start, or becomes known here only then, is not enrolled.
   */
  @Optional() @IsBoolean() enrolExisting?: boolean;
}

/**
 * Lets the draft version enrol contacts from now on. Where it would enrol many known contacts at once, it is only asked for,
 * and a second person of the client has to approve it.
 */
@Injectable()
export class ActivateWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
    private readonly config: WorkflowConfig,
  ) {}

  async execute(caller: TenantCaller, id: string, { revision, enrolExisting = false }: Activation) {
    const { tenantId, subject: by } = caller;
    const answer = await inTenant(this.db, tenantId, async (tx): Promise<ActivationAnswer> => {
      await lockDefinitions(tx, tenantId, 'to-change');
      const workflow = await lockWorkflow(tx, tenantId, id, revision);
      const { number } = await judgeDraft(tx, tenantId, workflow, limitsOf(this.config));
      const version = { tenantId, workflowId: id, number };
      const affected = enrolExisting ? (await countAffected(tx, version)).wouldEnrol : 0;
      const pending = affected > this.config.ACTIVATION_SECOND_PERSON_ABOVE;
      if (pending) await askForApproval(tx, caller, id, affected);
      else await startVersion(tx, { ...version, by, enrolExisting });
      const action = pending ? 'workflow.activation-requested' : 'workflow.activated';
      await this.audit.record(tx, caller, { tenantId, action, target: id, detail: { version: number, affected } });
      const outcome = pending ? 'pending-approval' : 'active';
      return { outcome, affected, workflow: await loadWorkflow(tx, tenantId, id) };
    });
    if (enrolExisting) this.pumps.wake('enrol-existing');
    return answer;
  }
}

/** The revision grows, so that whoever approves has seen that it was asked for. */
async function askForApproval(
  tx: EntityManager,
  { tenantId, subject }: TenantCaller,
  workflowId: string,
  affected: number,
): Promise<void> {
  await touchWorkflow(tx, { tenantId, workflowId });
  await tx.query(
    'INSERT INTO activation_request (workflow_id, tenant_id, affected, requested_by) VALUES ($1, $2, $3, $4)',
    [workflowId, tenantId, affected, subject],
  );
}
