import { Body, Controller, Get, Param, ParseEnumPipe, Put } from '@nestjs/common';
import { Answers, Caller, NotFound, Summary, TenantCaller } from '#service';
import { ListWorkflows, Workflows } from './list-workflows.js';
import { PutWorkflow, WorkflowInput } from './put-workflow.js';
import { type Trigger, TRIGGERS, Workflow } from './workflow.js';

const KnownTrigger = new ParseEnumPipe(TRIGGERS, { exceptionFactory: () => new NotFound() });

@Controller('v1/workflows')
export class WorkflowsController {
  constructor(
    private readonly putWorkflow: PutWorkflow,
    private readonly listWorkflows: ListWorkflows,
  ) {}

  @Get()
  @Summary('What happens to contacts that come in, by the way they come in.')
  @Answers(200, Workflows)
  async list(@Caller() caller: TenantCaller): Promise<Workflows> {
    return { workflows: await this.listWorkflows.execute(caller.tenantId) };
  }

  @Put(':trigger')
  @Summary('Creates the workflow for contacts that come in this way, or renames it.')
  @Answers(200, Workflow)
  put(
    @Caller() caller: TenantCaller,
    @Param('trigger', KnownTrigger) trigger: Trigger,
    @Body() input: WorkflowInput,
  ): Promise<Workflow> {
    return this.putWorkflow.execute(caller, trigger, input);
  }
}
