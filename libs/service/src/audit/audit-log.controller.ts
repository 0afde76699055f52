import { Controller, Get, Query } from '@nestjs/common';
import { Caller, TenantCaller } from '../access/caller.js';
import { Answers, Refuses, Summary } from '../openapi/decorators.js';
import { AuditFilter, AuditPage, ListAuditEntries } from './list-audit-entries.js';

/** For the privacy officer of a client: who did what here, and who tried to. */
@Controller('v1/audit-log')
export class AuditLogController {
  constructor(private readonly listAuditEntries: ListAuditEntries) {}

  @Get()
  @Summary('The audit log of the own client company in this service, newest first.')
  @Answers(200, AuditPage)
  @Refuses(422)
  list(@Caller() caller: TenantCaller, @Query() filter: AuditFilter): Promise<AuditPage> {
    return this.listAuditEntries.execute(caller.tenantId, filter);
  }
}
