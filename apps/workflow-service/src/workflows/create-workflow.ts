import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsObject, ValidateNested } from 'class-validator';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { Audit, Example, InvalidInput, Moment, Optional, PlainText, type TenantCaller } from '#service';
import { checkParameters, type VersionFacts, WorkflowFilter, WorkflowStep } from './definition.js';
import { loadWorkflow } from './load-workflow.js';
import { TEMPLATE_IDS, type TemplateId, TEMPLATES, type WorkflowTemplate } from './templates.js';
import { type Trigger, TRIGGERS } from './workflow.js';
import type { WorkflowView } from './workflow-view.js';
import { writeDraft } from './write-version.js';

/** From a template, or with name, trigger and steps; what is said besides a template replaces what it says. */
@Example({ template: 'imported-opt-in-30-days', name: 'Ask the contacts of our fairs' })
export class NewWorkflow {
  @Optional() @IsIn(TEMPLATE_IDS) template?: TemplateId;
  @Optional() @PlainText(200) name?: string;
  @Optional() @IsIn(TRIGGERS) trigger?: Trigger;
  @Optional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => WorkflowStep)
  steps?: WorkflowStep[];
  @Optional() @IsObject() @ValidateNested() @Type(() => WorkflowFilter) filter?: WorkflowFilter;
  @Optional() @Moment() startsAt?: string;
  @Optional() @Moment() endsAt?: string;
}

/** A draft: it enrols nobody before it is activated. */
@Injectable()
export class CreateWorkflow {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, wanted: NewWorkflow): Promise<WorkflowView> {
    const { name, trigger, facts } = complete(wanted);
    checkParameters(facts.steps);
    const { tenantId } = caller;
    const id = uuidv7();
    return inTenant(this.db, tenantId, async (tx) => {
      await tx.query('INSERT INTO workflow (id, tenant_id, name, trigger) VALUES ($1, $2, $3, $4)', [
        id,
        tenantId,
        name,
        trigger,
      ]);
      await writeDraft(tx, { tenantId, workflowId: id }, facts);
      await this.audit.record(tx, caller, { tenantId, action: 'workflow.created', target: id, detail: { trigger } });
      return loadWorkflow(tx, tenantId, id);
    });
  }
}

function complete(wanted: NewWorkflow): { name: string; trigger: Trigger; facts: VersionFacts } {
  const template: Partial<WorkflowTemplate> = wanted.template === undefined ? {} : TEMPLATES[wanted.template];
  const { name = template.name, trigger = template.trigger, steps = template.steps } = wanted;
  if (name === undefined || trigger === undefined || steps === undefined) {
    throw new InvalidInput([{ field: '', message: 'needs a template, or name, trigger and steps' }]);
  }
  const { filter, startsAt, endsAt } = wanted;
  return { name, trigger, facts: { steps, filter, startsAt, endsAt } };
}
