import { Body, Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { WorkflowView } from '../workflows/workflow-view.js';
import { ActivateWorkflow, Activation } from './activate-workflow.js';
import { ActivationAnswer } from './activation-answers.js';
import { Approval, ApproveActivation } from './approve-activation.js';
import { ArchiveWorkflow, Archiving } from './archive-workflow.js';
import { DryRun, DryRunWorkflow } from './dry-run.js';

/** From a draft to a workflow that enrols contacts, and its end. */
@Controller('v1/workflows/:id')
export class ActivationController {
  constructor(
    private readonly dryRunWorkflow: DryRunWorkflow,
    private readonly activateWorkflow: ActivateWorkflow,
    private readonly approveActivation: ApproveActivation,
    private readonly archiveWorkflow: ArchiveWorkflow,
  ) {}

  @Get('dry-run')
  @Summary('How many known contacts activating the newest version would enrol now, and what forbids it.')
  @Answers(200, DryRun)
  @Refuses(409)
  dryRun(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<DryRun> {
    return this.dryRunWorkflow.execute(caller.tenantId, id);
  }

  @Post('activate')
  @HttpCode(200)
  @Summary('Activates the draft version, or asks for the approval of a second person where many contacts are affected.')
  @Answers(200, ActivationAnswer, { description: 'It is active.' })
  @Answers(202, ActivationAnswer, { description: 'A second person has to approve it.' })
  @Refuses(409, 422)
  async activate(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() activation: Activation,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ActivationAnswer> {
    return answered(await this.activateWorkflow.execute(caller, id, activation), response);
  }

  @Post('approve')
  @HttpCode(200)
  @Summary('Approves an activation that somebody else has asked for.')
  @Answers(200, ActivationAnswer, { description: 'It is active.' })
  @Answers(202, ActivationAnswer, {
    description: 'More contacts are affected than was asked for: approve the new number.',
  })
  @Refuses(409, 422)
  async approve(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() approval: Approval,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ActivationAnswer> {
    return answered(await this.approveActivation.execute(caller, id, approval), response);
  }

  @Post('archive')
  @HttpCode(200)
  @Summary('Enrols nobody any more; those under way go on.')
  @Answers(200, WorkflowView)
  @Refuses(409)
  archive(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Body() archiving: Archiving,
  ): Promise<WorkflowView> {
    return this.archiveWorkflow.execute(caller, id, archiving);
  }
}

function answered(answer: ActivationAnswer, response: Response): ActivationAnswer {
  response.status(answer.outcome === 'active' ? 200 : 202);
  return answer;
}
