import { Type } from 'class-transformer';
import { IsIn, IsString, ValidateNested } from 'class-validator';
import { Example } from '#service';
import { WorkflowStep } from './definition.js';
import { type Trigger, TRIGGERS } from './workflow.js';

const DAY = 24 * 60 * 60;

/** Asked, reminded after three weeks, removed after thirty days. */
const THIRTY_DAYS: readonly WorkflowStep[] = [
  { action: 'send-opt-in' },
  { action: 'wait', seconds: 21 * DAY },
  { action: 'send-reminder' },
  { action: 'wait', seconds: 9 * DAY },
  { action: 'expunge' },
];

export const TEMPLATE_IDS = ['imported-opt-in-30-days', 'added-opt-in-30-days'] as const;
export type TemplateId = (typeof TEMPLATE_IDS)[number];

/** A workflow to begin with. */
@Example({
  id: 'imported-opt-in-30-days',
  name: 'Imported contact opt-in, 30 days',
  trigger: 'import',
  steps: THIRTY_DAYS,
})
export class WorkflowTemplate {
  @IsIn(TEMPLATE_IDS) id: TemplateId;
  @IsString() name: string;
  @IsIn(TRIGGERS) trigger: Trigger;
  @ValidateNested({ each: true }) @Type(() => WorkflowStep) steps: WorkflowStep[];
}

export class WorkflowTemplates {
  @ValidateNested({ each: true }) @Type(() => WorkflowTemplate) templates: WorkflowTemplate[];
}

export const TEMPLATES: Readonly<Record<TemplateId, WorkflowTemplate>> = {
  'imported-opt-in-30-days': {
    id: 'imported-opt-in-30-days',
    name: 'Imported contact opt-in, 30 days',
    trigger: 'import',
    steps: [...THIRTY_DAYS],
  },
  'added-opt-in-30-days': {
    id: 'added-opt-in-30-days',
    name: 'Added contact opt-in, 30 days',
    trigger: 'manual',
    steps: [...THIRTY_DAYS],
  },
};
