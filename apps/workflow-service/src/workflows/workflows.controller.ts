import { Body, Controller, Get, Param, ParseEnumPipe, Put } from '@nestjs/common';
import { Caller, NotFound, Roles, TenantCaller } from '#service';
import { ListWorkflows } from './list-workflows.js';
import { PutWorkflow, WorkflowInput } from './put-workflow.js';
import { type Trigger, TRIGGERS, type Workflow } from './workflow.js';

const KnownTrigger = new ParseEnumPipe(TRIGGERS, { exceptionFactory: () => new NotFound() });

@Roles('client-admin')
@Controller('v1/workflows')
export class WorkflowsController {
  constructor(
    private readonly putWorkflow: PutWorkflow,
    private readonly listWorkflows: ListWorkflows,
  ) {}

  @Get()
  async list(@Caller() caller: TenantCaller): Promise<{ workflows: Workflow[] }> {
    return { workflows: await this.listWorkflows.execute(caller.tenantId) };
  }

  @Put(':trigger')
  put(
    @Caller() caller: TenantCaller,
    @Param('trigger', KnownTrigger) trigger: Trigger,
    @Body() input: WorkflowInput,
  ): Promise<Workflow> {
    return this.putWorkflow.execute(caller.tenantId, trigger, input);
  }
}
