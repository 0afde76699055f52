import { Type } from 'class-transformer';
import { IsIn, IsInt, ValidateNested } from 'class-validator';
import { Example } from '#service';
import { WORKFLOW_EXAMPLE, WorkflowView } from '../workflows/workflow-view.js';

export const ACTIVATION_OUTCOMES = ['active', 'pending-approval'] as const;

/** `pending-approval`: so many contacts are affected that a second person of the client has to approve it. */
@Example({ outcome: 'active', affected: 12_000, workflow: WORKFLOW_EXAMPLE })
export class ActivationAnswer {
  @IsIn(ACTIVATION_OUTCOMES) outcome: (typeof ACTIVATION_OUTCOMES)[number];
  /** Known contacts that are enrolled by it. */
  @IsInt() affected: number;
  @ValidateNested() @Type(() => WorkflowView) workflow: WorkflowView;
}
