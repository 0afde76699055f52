import { Body, Controller, Get, Put } from '@nestjs/common';
import { Roles, StaffCaller, UuidParam, VerifiedCaller } from '#service';
import { PutTenant, TenantFacts } from './put-tenant.js';
import { ReadTenant } from './read-tenant.js';
import { Tenant } from './tenant.js';

@Controller('v1/tenants')
export class TenantsController {
  constructor(
    private readonly putTenant: PutTenant,
    private readonly readTenant: ReadTenant,
  ) {}

  @Put(':id')
  @Roles('vendor-staff')
  put(@UuidParam('id') id: string, @Body() facts: TenantFacts): Promise<Tenant> {
    return this.putTenant.execute(id, facts);
  }

  @Get(':id')
  @Roles('vendor-staff', 'client-admin')
  read(@StaffCaller() caller: VerifiedCaller, @UuidParam('id') id: string): Promise<Tenant> {
    return this.readTenant.execute(caller, id);
  }
}
