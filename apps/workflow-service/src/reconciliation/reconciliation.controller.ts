import { Controller, Get } from '@nestjs/common';
import { Answers, Caller, Summary, TenantCaller } from '#service';
import { Reconciliation, ShowReconciliation } from './show-reconciliation.js';

@Controller('v1/reconciliation')
export class ReconciliationController {
  constructor(private readonly showReconciliation: ShowReconciliation) {}

  @Get()
  @Summary('What the last comparison of enrolments, timers and mails has found.')
  @Answers(200, Reconciliation)
  show(@Caller() caller: TenantCaller): Promise<Reconciliation> {
    return this.showReconciliation.execute(caller.tenantId);
  }
}
