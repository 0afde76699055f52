import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Answers, Refuses, StaffCaller, Summary, UuidParam, VerifiedCaller } from '#service';
import { ApproveEnabling } from './approve-enabling.js';
import { EnablingRequest } from './expunge-checklist.js';
import { HistoryPage } from './history-page.js';
import { ChangeView, PolicyState, PolicyWithHistory } from './policy-view.js';
import { ReadExpungePolicy } from './read-expunge-policy.js';
import { RequestEnabling } from './request-enabling.js';
import { SwitchExpungeOff, SwitchingOff } from './switch-expunge-off.js';
import { WithdrawEnabling } from './withdraw-enabling.js';

/** Expunge is enabled by the vendor and the client together; either of them switches it off. */
@Controller('v1/tenants/:id/expunge-policy')
export class ExpungePolicyController {
  constructor(
    private readonly readPolicy: ReadExpungePolicy,
    private readonly requestEnabling: RequestEnabling,
    private readonly approveEnabling: ApproveEnabling,
    private readonly withdrawEnabling: WithdrawEnabling,
    private readonly switchExpungeOff: SwitchExpungeOff,
  ) {}

  @Get()
  @Summary('What is in force, what waits for approval, and the history.')
  @Answers(200, PolicyWithHistory)
  read(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @Query() page: HistoryPage,
  ): Promise<PolicyWithHistory> {
    return this.readPolicy.execute(caller, id, page);
  }

  @Post('requests')
  @Summary('Asks for expunge to be enabled; the other side must approve.')
  @Answers(201, ChangeView)
  @Refuses(409, 422)
  request(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @Body() asked: EnablingRequest,
  ): Promise<ChangeView> {
    return this.requestEnabling.execute(caller, id, asked);
  }

  @Post('requests/:requestId/approve')
  @HttpCode(200)
  @Summary('Approves what the other side has asked for.')
  @Answers(200, ChangeView)
  @Refuses(409)
  approve(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @UuidParam('requestId') requestId: string,
  ): Promise<ChangeView> {
    return this.approveEnabling.execute(caller, id, requestId);
  }

  @Post('requests/:requestId/withdraw')
  @HttpCode(200)
  @Summary('Takes back a request that nobody has approved.')
  @Answers(200, ChangeView)
  @Refuses(409)
  withdraw(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @UuidParam('requestId') requestId: string,
  ): Promise<ChangeView> {
    return this.withdrawEnabling.execute(caller, id, requestId);
  }

  @Post('off')
  @HttpCode(200)
  @Summary('Switches expunge off at once.')
  @Answers(200, PolicyState)
  off(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @Body() wanted: SwitchingOff,
  ): Promise<PolicyState> {
    return this.switchExpungeOff.execute(caller, id, wanted);
  }
}
