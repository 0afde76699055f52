import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Answers, Caller, Summary, TenantCaller } from '#service';
import { ResumeSending } from './resume-sending.js';
import { SendBudgetView } from './send-budget-view.js';
import { ShowSendBudget } from './show-send-budget.js';

/** How many mails that ask to opt in a client may send. */
@Controller('v1/send-budget')
export class SendBudgetController {
  constructor(
    private readonly showSendBudget: ShowSendBudget,
    private readonly resumeSending: ResumeSending,
  ) {}

  @Get()
  @Summary('How many mails that ask to opt in may go out today, how many did, and what came back of the last ones.')
  @Answers(200, SendBudgetView)
  show(@Caller() { tenantId }: TenantCaller): Promise<SendBudgetView> {
    return this.showSendBudget.execute(tenantId);
  }

  @Post('resume')
  @HttpCode(200)
  @Summary('Lets mails go out again that were paused because of complaints.')
  @Answers(200, SendBudgetView)
  resume(@Caller() caller: TenantCaller): Promise<SendBudgetView> {
    return this.resumeSending.execute(caller);
  }
}
