import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { ChangeWorkflow, WorkflowChange } from './change-workflow.js';
import { CreateWorkflow, NewWorkflow } from './create-workflow.js';
import { CopyName, DuplicateWorkflow } from './duplicate-workflow.js';
import { ListWorkflows, Workflows, WorkflowsPage } from './list-workflows.js';
import { ShowWorkflow } from './show-workflow.js';
import { WorkflowView } from './workflow-view.js';

/** What a client admin sets up. */
@Controller('v1/workflows')
export class WorkflowsController {
  constructor(
    private readonly listWorkflows: ListWorkflows,
    private readonly createWorkflow: CreateWorkflow,
    private readonly showWorkflow: ShowWorkflow,
    private readonly changeWorkflow: ChangeWorkflow,
    private readonly duplicateWorkflow: DuplicateWorkflow,
  ) {}

  @Get()
  @Summary('What happens to contacts that come in, by the way they come in.')
  @Answers(200, Workflows)
  @Refuses(422)
  list(@Caller() caller: TenantCaller, @Query() page: WorkflowsPage): Promise<Workflows> {
    return this.listWorkflows.execute(caller.tenantId, page);
  }

  @Post()
  @Summary('Creates a workflow, as a draft that enrols nobody yet.')
  @Answers(201, WorkflowView)
  create(@Caller() caller: TenantCaller, @Body() wanted: NewWorkflow): Promise<WorkflowView> {
    return this.createWorkflow.execute(caller, wanted);
  }

  @Get(':id')
  @Summary('A workflow with its versions, and what is under way with it.')
  @Answers(200, WorkflowView)
  show(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<WorkflowView> {
    return this.showWorkflow.execute(caller.tenantId, id);
  }

  @Put(':id')
  @Summary('Changes what the next version says; contacts that are enrolled already go on as they were told.')
  @Answers(200, WorkflowView)
  @Refuses(409)
  change(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() change: WorkflowChange,
  ): Promise<WorkflowView> {
    return this.changeWorkflow.execute(caller, id, change);
  }

  @Post(':id/duplicate')
  @HttpCode(201)
  @Summary('Makes a draft of its own from the newest version.')
  @Answers(201, WorkflowView)
  duplicate(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() copy: CopyName,
  ): Promise<WorkflowView> {
    return this.duplicateWorkflow.execute(caller, id, copy);
  }
}
