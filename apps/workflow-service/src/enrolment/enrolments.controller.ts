import { Controller, Get, Query } from '@nestjs/common';
import { Answers, Caller, Summary, TenantCaller, UuidParam } from '#service';
import { CountEnrolments, Enrolments, UndeliverablePage } from './count-enrolments.js';

@Controller('v1/workflows/:id/enrolments')
export class EnrolmentsController {
  constructor(private readonly countEnrolments: CountEnrolments) {}

  @Get()
  @Summary('How many contacts are where on their way through a workflow, and which ones cannot be asked.')
  @Answers(200, Enrolments)
  show(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Query() page: UndeliverablePage,
  ): Promise<Enrolments> {
    return this.countEnrolments.execute(caller.tenantId, id, page);
  }
}
