import { Injectable } from '@nestjs/common';
import { IsInt, Min } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, Example, Pumps, Rejection, type TenantCaller } from '#service';
import { WorkflowConfig } from '../config.js';
import { lockDefinitions } from '../workflows/active-workflows.js';
import { loadWorkflow, lockWorkflow } from '../workflows/load-workflow.js';
import type { ActivationAnswer } from './activation-answers.js';
import { countAffected } from './affected.js';
import { judgeDraft, limitsOf } from './judge-activation.js';
import { startVersion } from './start-version.js';

@Example({ revision: 2 })
export class Approval {
  @IsInt() @Min(1) revision: number;
}

/**
 * A second person of the client agrees that many known contacts are enrolled. Where there are more of them now than was
 * asked for, nothing is activated: the new number is shown and has to be approved.
 */
@Injectable()
export class ApproveActivation {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
    private readonly config: WorkflowConfig,
  ) {}

  async execute(caller: TenantCaller, id: string, { revision }: Approval): Promise<ActivationAnswer> {
    const { tenantId, subject: by } = caller;
    const answer = await inTenant(this.db, tenantId, async (tx): Promise<ActivationAnswer> => {
      await lockDefinitions(tx, tenantId, 'to-change');
      const workflow = await lockWorkflow(tx, tenantId, id, revision);
      const asked = await activationAskedFor(tx, id);
      if (asked.requestedBy === by) throw ownRequest();
      const { number } = await judgeDraft(tx, tenantId, workflow, limitsOf(this.config));
      const version = { tenantId, workflowId: id, number };
      const { wouldEnrol: affected } = await countAffected(tx, version);
      const more = affected > asked.affected;
      if (more) await tx.query('UPDATE activation_request SET affected = $2 WHERE workflow_id = $1', [id, affected]);
      else await startVersion(tx, { ...version, by, enrolExisting: true });
      const action = more ? 'workflow.activation-grown' : 'workflow.activation-approved';
      await this.audit.record(tx, caller, { tenantId, action, target: id, detail: { version: number, affected } });
      const outcome = more ? 'pending-approval' : 'active';
      return { outcome, affected, workflow: await loadWorkflow(tx, tenantId, id) };
    });
    this.pumps.wake('enrol-existing');
    return answer;
  }
}

async function activationAskedFor(tx: EntityManager, workflowId: string) {
  const [asked]: { affected: number; requestedBy: string }[] = await tx.query(
    'SELECT affected, requested_by AS "requestedBy" FROM activation_request WHERE workflow_id = $1',
    [workflowId],
  );
  if (!asked) throw new Rejection('nothing-to-approve', 'No activation of this workflow waits for an approval.');
  return asked;
}

const ownRequest = (): Rejection => new Rejection('own-request', 'Whoever has asked for it cannot approve it.');
