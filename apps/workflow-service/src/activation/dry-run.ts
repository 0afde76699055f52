import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsString, ValidateNested } from 'class-validator';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { Example, Optional, Rejection } from '#service';
import { promisedSeconds } from '../actions/action.process.js';
import { WorkflowConfig } from '../config.js';
import { loadSummary, loadVersions } from '../workflows/load-workflow.js';
import { countAffected } from './affected.js';
import { limitsOf, problemsOfVersion } from './judge-activation.js';

export class ActivationProblem {
  /** Counts from 1; absent where the whole is meant. */
  @Optional() @IsInt() step?: number;
  /** For machines; never changes. */
  @IsString() code: string;
  @IsString() message: string;
}

/** What activating the newest version, known contacts included, would do now. */
@Example({
  version: 1,
  graceSeconds: 2_592_000,
  known: 12_700,
  wouldEnrol: 12_000,
  filteredOut: 400,
  enrolledBefore: 0,
  notAskedAgain: 300,
  needsSecondPerson: true,
  problems: [],
})
export class DryRun {
  @IsInt() version: number;
  /** Time from the acceptance of the opt-in email until the removal; 0: nobody is removed. */
  @IsInt() graceSeconds: number;
  /** Contacts that came in the way of its trigger; each of them is in one of the next four numbers. */
  @IsInt() known: number;
  @IsInt() wouldEnrol: number;
  @IsInt() filteredOut: number;
  @IsInt() enrolledBefore: number;
  /** They have opted in or declined, or are disabled. */
  @IsInt() notAskedAgain: number;
  @IsBoolean() needsSecondPerson: boolean;
  /** All that forbids to activate it. */
  @ValidateNested({ each: true }) @Type(() => ActivationProblem) problems: ActivationProblem[];
}

/** Shows what an activation would do, and does nothing. */
@Injectable()
export class DryRunWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly config: WorkflowConfig,
  ) {}

  async execute(tenantId: string, workflowId: string): Promise<DryRun> {
    return inTenant(this.db, tenantId, async (tx) => {
      await loadSummary(tx, tenantId, workflowId);
      const [newest] = await loadVersions(tx, workflowId);
      if (!newest) throw new Rejection('no-version', 'This workflow has no version.');
      const { number: version, steps } = newest;
      const affected = await countAffected(tx, { tenantId, workflowId, number: version });
      const optIn = steps.findIndex(({ action }) => action === 'send-opt-in');
      return {
        version,
        graceSeconds: optIn < 0 ? 0 : promisedSeconds(steps, optIn),
        ...affected,
        needsSecondPerson: affected.wouldEnrol > this.config.ACTIVATION_SECOND_PERSON_ABOVE,
        problems: await problemsOfVersion(tx, newest, limitsOf(this.config)),
      };
    });
  }
}
