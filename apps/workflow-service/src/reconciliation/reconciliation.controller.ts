import { Controller, Get, Query } from '@nestjs/common';
import { Answers, Caller, Summary, TenantCaller } from '#service';
import { FindingsPage, Reconciliation, ShowReconciliation } from './show-reconciliation.js';

@Controller('v1/reconciliation')
export class ReconciliationController {
  constructor(private readonly showReconciliation: ShowReconciliation) {}

  @Get()
  @Summary('What the comparison of enrolments, timers and mails has found, and with whom.')
  @Answers(200, Reconciliation)
  show(@Caller() caller: TenantCaller, @Query() page: FindingsPage): Promise<Reconciliation> {
    return this.showReconciliation.execute(caller.tenantId, page);
  }
}
