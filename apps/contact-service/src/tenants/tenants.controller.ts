import { Body, Controller, Get, Put } from '@nestjs/common';
import { Answers, StaffCaller, Summary, UuidParam, VerifiedCaller } from '#service';
import { PutTenant, TenantFacts } from './put-tenant.js';
import { ReadTenant } from './read-tenant.js';
import { TenantView } from './tenant-view.js';

@Controller('v1/tenants')
export class TenantsController {
  constructor(
    private readonly putTenant: PutTenant,
    private readonly readTenant: ReadTenant,
  ) {}

  @Put(':id')
  @Summary('Creates a client company, or replaces its facts.')
  @Answers(200, TenantView)
  put(
    @StaffCaller() caller: VerifiedCaller,
    @UuidParam('id') id: string,
    @Body() facts: TenantFacts,
  ): Promise<TenantView> {
    return this.putTenant.execute(caller, id, facts);
  }

  @Get(':id')
  @Summary('A client company and the policy in force.')
  @Answers(200, TenantView)
  read(@StaffCaller() caller: VerifiedCaller, @UuidParam('id') id: string): Promise<TenantView> {
    return this.readTenant.execute(caller, id);
  }
}
