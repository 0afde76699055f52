import { Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsString, IsUUID, ValidateNested } from 'class-validator';
import { Example, Optional } from '#service';
import { WorkflowFilter, WorkflowStep } from './definition.js';
import {
  type Trigger,
  TRIGGERS,
  VERSION_STATES,
  type VersionState,
  WORKFLOW_STATES,
  type WorkflowState,
} from './workflow.js';

const SUMMARY = {
  id: '0c4d8f7a-52b6-4f0e-9d31-7a8e6b5c4d20',
  name: 'Imported contact opt-in, 30 days',
  trigger: 'import',
  state: 'active',
  revision: 3,
  createdAt: '2026-11-02T09:30:00.000Z',
  changedAt: '2026-11-02T10:00:00.000Z',
};

/** What a client set up to happen to contacts that come in a certain way. */
@Example(SUMMARY)
export class WorkflowSummary {
  @IsUUID() id: string;
  @IsString() name: string;
  @IsIn(TRIGGERS) trigger: Trigger;
  @IsIn(WORKFLOW_STATES) state: WorkflowState;
  /** To be sent along with a change, which is refused when somebody else has changed it meanwhile. */
  @IsInt() revision: number;
  @IsDate() createdAt: Date;
  @IsDate() changedAt: Date;
}

const VERSION = {
  number: 1,
  state: 'active',
  steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: 2_592_000 }, { action: 'expunge' }],
  filter: { countries: [], importIds: [] },
  createdAt: '2026-11-02T09:30:00.000Z',
  activatedAt: '2026-11-02T10:00:00.000Z',
  activatedBy: 'admin-3',
};

/** What was activated is never changed; a change makes a new version, for contacts that are enrolled later. */
@Example(VERSION)
export class VersionView {
  @IsInt() number: number;
  @IsIn(VERSION_STATES) state: VersionState;
  @ValidateNested({ each: true }) @Type(() => WorkflowStep) steps: WorkflowStep[];
  @ValidateNested() @Type(() => WorkflowFilter) filter: WorkflowFilter;
  @Optional() @IsDate() startsAt?: Date;
  @Optional() @IsDate() endsAt?: Date;
  @IsDate() createdAt: Date;
  @Optional() @IsDate() activatedAt?: Date;
  @Optional() @IsString() activatedBy?: string;
}

/** An activation that waits for a second person. */
@Example({ affected: 12_000, requestedBy: 'admin-3', requestedAt: '2026-11-02T10:00:00.000Z' })
export class PendingActivation {
  /** Known contacts that would be enrolled. */
  @IsInt() affected: number;
  @IsString() requestedBy: string;
  @IsDate() requestedAt: Date;
}

/** How far the enrolling of contacts that were known before is. */
@Example({ lookedAt: 12_000, enrolled: 11_400, startedAt: '2026-11-02T10:00:00.000Z' })
export class ExistingRun {
  @IsInt() lookedAt: number;
  @IsInt() enrolled: number;
  @IsDate() startedAt: Date;
  @Optional() @IsDate() finishedAt?: Date;
}

export const WORKFLOW_EXAMPLE = { ...SUMMARY, versions: [VERSION] };

@Example(WORKFLOW_EXAMPLE)
export class WorkflowView extends WorkflowSummary {
  /** Newest first. */
  @ValidateNested({ each: true }) @Type(() => VersionView) versions: VersionView[];
  @Optional() @ValidateNested() @Type(() => PendingActivation) pendingActivation?: PendingActivation;
  @Optional() @ValidateNested() @Type(() => ExistingRun) existing?: ExistingRun;
}
